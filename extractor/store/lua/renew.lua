#!lua flags=allow-oom
-- Prolong a process's leases, also one that has run out if nobody took it, and note that the process lives.
-- ARGV: lease_ms, process, (id, token)*. Returns per lease: 1 held, 2 held and to be cancelled, 0 lost.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local held = {}

for i = 3, #ARGV, 2 do
  local e = load(ARGV[i])
  local verdict = 0
  if e and e.token == ARGV[i + 1] and (e.status == 'running' or e.status == 'queued') then
    if e.status == 'queued' then
      leave(e)
      enter(e, 'running', now)
    end
    redis.call('ZADD', P .. 'running', now + lease_ms, e.id)
    verdict = e.cancel == '1' and 2 or 1
  end
  held[#held + 1] = verdict
end

redis.call('ZADD', P .. 'workers', now, ARGV[2])
redis.call('HSET', P .. 'workers:running', ARGV[2], (#ARGV - 2) / 2)
return held
