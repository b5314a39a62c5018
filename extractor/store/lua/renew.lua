#!lua flags=allow-oom
-- Prolong a process's leases, also one that has run out if nobody took it, and note that the process lives.
-- ARGV: lease_ms, process, (id, token)*. Returns per lease: 1 held, 2 held and to be cancelled, 0 lost.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local held = {}

for i = 3, #ARGV, 2 do
  local id, verdict = ARGV[i], 0
  local facts = redis.call('HMGET', of(id), 'status', 'token', 'cancel')
  if facts[2] == ARGV[i + 1] and (facts[1] == 'running' or facts[1] == 'queued') then
    if facts[1] == 'queued' then
      local e = load(id)
      leave(e)
      redis.call('HSET', of(id), 'status', 'running')
      local deaths = tonumber(redis.call('HGET', of(id), 'deaths') or 0)
      if deaths > 0 then redis.call('HSET', of(id), 'deaths', deaths - 1) end -- the last was none
    end
    add(P .. 'running', now + lease_ms, id)
    verdict = facts[3] == '1' and 2 or 1
  end
  held[#held + 1] = verdict
end

if ARGV[2] ~= '' then
  redis.call('ZADD', P .. 'workers', now, ARGV[2])
  redis.call('HSET', P .. 'workers:running', ARGV[2], #held)
end
settle()
return held
