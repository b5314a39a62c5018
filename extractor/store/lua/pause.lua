#!lua flags=allow-oom
-- Stop claims. A circuit never takes the place of an operator's pause.
-- ARGV: by, code, message, probe_ms. Returns 1, or 0 when an operator has paused already.

local now = now_ms()
local by = redis.call('HGET', P .. 'pause', 'by')
if by == 'operator' and ARGV[1] ~= 'operator' then return 0 end
local since = by == ARGV[1] and redis.call('HGET', P .. 'pause', 'since') or now
redis.call('DEL', P .. 'pause')
redis.call('HSET', P .. 'pause', 'by', ARGV[1], 'code', ARGV[2], 'message', ARGV[3], 'since', since)
if ARGV[1] == 'circuit' then redis.call('HSET', P .. 'pause', 'probe', now + tonumber(ARGV[4])) end
return 1
