#!lua flags=allow-oom
-- Give entries of the outbox to somebody who tells them; they are given again unless they are told in time.
-- ARGV: limit, visible_ms. Returns `TASK ID` entries.

local now = now_ms()
local entries = redis.call('ZRANGEBYSCORE', P .. 'outbox', '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
for _, entry in ipairs(entries) do
  redis.call('ZADD', P .. 'outbox', now + tonumber(ARGV[2]), entry)
end
return entries
