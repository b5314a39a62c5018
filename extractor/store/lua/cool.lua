#!lua flags=allow-oom
-- Let a lane take no requests for a while, and tell every worker. A later end that was told before stays.
-- ARGV: lane, ms.

local until_ms = now_ms() + tonumber(ARGV[2])
if until_ms > tonumber(redis.call('HGET', P .. 'cool', ARGV[1]) or 0) then
  redis.call('HSET', P .. 'cool', ARGV[1], until_ms)
end
redis.call('PUBLISH', P .. 'control', 'cool ' .. ARGV[2] .. ' ' .. ARGV[1])
return 1
