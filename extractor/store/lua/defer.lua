#!lua flags=allow-oom
-- Put an extraction off that failed for a reason that passes.
-- ARGV: ttl_ms, id, token, delay_ms. Returns 1, or 0 when the lease was lost.

local now, ttl = now_ms(), tonumber(ARGV[1])
local e = load(ARGV[2])
if not e or e.token ~= ARGV[3] or (e.status ~= 'running' and e.status ~= 'queued') then return 0 end

if e.cancel == '1' then
  finish_unheld(e, 'cancelled', 'cancelled', now, ttl)
else
  local due = now + tonumber(ARGV[4])
  leave(e)
  charge(e, now)
  redis.call('HSET', of(e.id), 'status', 'deferred', 'due', due, 'deferrals', (tonumber(e.deferrals) or 0) + 1)
  redis.call('HDEL', of(e.id), 'token')
  add(P .. 'due', due, e.id)
end
settle()
return 1
