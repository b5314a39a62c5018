#!lua flags=allow-oom
-- Cancel an extraction: at once where it waits, by asking its worker where it runs. An end stays what it is.
-- ARGV: ttl_ms, id, tenant. Returns the state, false when there is no such extraction.

local now, ttl = now_ms(), tonumber(ARGV[1])
local e = load(ARGV[2])
if not e or e.tenant ~= ARGV[3] then return false end

if e.status == 'running' then
  redis.call('HSET', of(e.id), 'cancel', 1)
  redis.call('PUBLISH', P .. 'control', 'cancel ' .. e.id)
elseif is_open(e) then
  finish_unheld(e, 'cancelled', 'cancelled', now, ttl)
end
settle()
return e.status
