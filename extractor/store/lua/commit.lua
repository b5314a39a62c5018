#!lua flags=allow-oom
-- Write outcomes, each once, by whoever holds the token; with it goes the entry in the outbox.
-- ARGV: ttl_ms, (id, token, state, code, result)*. Returns per outcome: 1 it stands, 0 the lease was lost.

local now, ttl = now_ms(), tonumber(ARGV[1])
local stands = {}

for i = 2, #ARGV, 5 do
  local e = load(ARGV[i])
  local verdict = 0
  if e and e.token == ARGV[i + 1] then
    verdict = 1
    if e.status == 'running' or e.status == 'queued' then
      redis.call('SET', of(e.id) .. ':result', ARGV[i + 4])
      finish(e, ARGV[i + 2], ARGV[i + 3], now, ttl)
    end
  end
  stands[#stands + 1] = verdict
end
announce()
return stands
