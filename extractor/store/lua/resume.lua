#!lua flags=allow-oom
-- Let claims go on. A worker may lift a circuit only; an operator lifts everything, draining and cool-downs too.
-- ARGV: by. Returns 1 when something was lifted.

local by = redis.call('HGET', P .. 'pause', 'by')
local lifted = 0
if by and (ARGV[1] == 'operator' or by == 'circuit') then lifted = redis.call('DEL', P .. 'pause') end
if ARGV[1] == 'operator' then
  lifted = math.max(lifted, redis.call('DEL', P .. 'draining'))
  for _, until_ms in ipairs(redis.call('HVALS', P .. 'cool')) do
    if tonumber(until_ms) > now_ms() then lifted = 1 end
  end
  redis.call('DEL', P .. 'cool')
  redis.call('PUBLISH', P .. 'control', 'open')
end
if lifted == 1 then redis.call('PUBLISH', P .. 'control', 'wake') end
return lifted
