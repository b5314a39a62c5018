#!lua flags=allow-oom
-- Give permits for requests under every limit that applies, and correct what was counted for earlier ones.
-- A limit is one moment, in ms: when all that was counted so far is paid off at the rate. Nothing is owed for longer
-- than a minute, after which a provider has forgotten it.
-- ARGV: wanted, burst_ms, (key, field, ms of the rate that one takes, ms to correct by)*. Returns how many are given,
-- and in how many ms the next one is.

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000 -- finer than `now_ms`: a fast rate has less than a ms for each
local wanted, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local given, wait, dues = wanted, 0, {}

for i = 3, #ARGV, 4 do
  local step, slack = tonumber(ARGV[i + 2]), math.max(burst - tonumber(ARGV[i + 2]), 0)
  local due = math.max((tonumber(redis.call('HGET', ARGV[i], ARGV[i + 1])) or 0) + tonumber(ARGV[i + 3]), now)
  local early = now + slack - due
  if early < 0 then
    given, wait = 0, math.max(wait, -early)
  elseif step > 0 then
    given = math.min(given, math.floor(early / step) + 1)
  end
  dues[#dues + 1] = due
end

for i = 3, #ARGV, 4 do
  local due = math.min(dues[(i + 1) / 4] + given * tonumber(ARGV[i + 2]), now + 60000)
  redis.call('HSET', ARGV[i], ARGV[i + 1], string.format('%.3f', due))
  redis.call('PEXPIRE', ARGV[i], 120000)
end
return { given, math.ceil(wait) }
