#!lua flags=allow-oom
-- Count the queue: what waits, runs, is put off, is suspected, is untold, and which workers live.
-- ARGV: alive_ms.

local now = now_ms()
local counts, oldest = { interactive = 0, bulk = 0 }, now

for class in pairs(counts) do
  for _, tenant in ipairs(redis.call('ZRANGE', turns(class), 0, -1)) do
    counts[class] = counts[class] + redis.call('ZCARD', ready(class, tenant))
    local first = redis.call('ZRANGE', ready(class, tenant), 0, 0)[1]
    if first then oldest = math.min(oldest, tonumber(redis.call('HGET', of(first), 'created') or now)) end
  end
end

local workers = {}
local seen = redis.call('ZRANGEBYSCORE', P .. 'workers', now - tonumber(ARGV[1]), '+inf', 'WITHSCORES')
for i = 1, #seen, 2 do
  local running = tonumber(redis.call('HGET', P .. 'workers:running', seen[i]) or 0)
  workers[#workers + 1] = { seen[i], running, math.max(now - tonumber(seen[i + 1]), 0) }
end
local pause = redis.call('HMGET', P .. 'pause', 'by', 'code', 'message', 'since', 'probe')
return {
  counts.interactive, counts.bulk, redis.call('ZCARD', P .. 'running'), redis.call('ZCARD', P .. 'due'),
  redis.call('ZCARD', P .. 'suspects') + redis.call('ZCARD', P .. 'alone'), redis.call('ZCARD', P .. 'outbox'),
  pause[1] and pause or {}, redis.call('EXISTS', P .. 'draining'), workers, now - oldest,
}
