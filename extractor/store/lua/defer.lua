#!lua flags=allow-oom
-- Put an extraction off that failed for a reason that passes.
-- ARGV: ttl_ms, id, token, delay_ms. Returns 1, or 0 when the lease was lost.

local now, ttl = now_ms(), tonumber(ARGV[1])
local e = load(ARGV[2])
if not e or e.token ~= ARGV[3] or (e.status ~= 'running' and e.status ~= 'queued') then return 0 end

if e.cancel == '1' then
  finish_unheld(e, 'cancelled', 'cancelled', now, ttl)
else
  leave(e)
  enter(e, 'deferred', now)
  redis.call('HDEL', of(e.id), 'token')
  redis.call('HINCRBY', of(e.id), 'deferrals', 1)
  redis.call('HSET', of(e.id), 'due', now + tonumber(ARGV[4]))
  redis.call('ZADD', P .. 'due', now + tonumber(ARGV[4]), e.id)
end
announce()
return 1
