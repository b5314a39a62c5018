#!lua flags=allow-oom
-- Give leases on what waits, in fair order: interactive first, then bulk, tenants in turn.
-- ARGV: lease_ms, probe_ms, ttl_ms, free, free_bulk, max_bytes, seed, ring_ms.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local ttl, seed = tonumber(ARGV[3]), ARGV[7]
local free, pause = gate(now, tonumber(ARGV[4]))
local free_bulk, bytes_left = tonumber(ARGV[5]), tonumber(ARGV[6])
local leases, ring = {}, {}

-- The tenant whose turn it is; one without anything ready leaves the round. Nil when nothing waits.
local function next_tenant(class)
  while true do
    local tenant = redis.call('ZRANGE', turns(class), 0, 0)[1]
    if not tenant or redis.call('EXISTS', ready(class, tenant)) == 1 then return tenant end
    redis.call('ZREM', turns(class), tenant)
  end
end

-- Lease up to `most` of one tenant. Returns how many, and how many no longer wait; none when there is no room for more.
local function serve_tenant(class, tenant, most)
  local gone, count = {}, 0
  for _, id in ipairs(redis.call('ZRANGE', ready(class, tenant), 0, most - 1)) do
    local size = redis.call('HSTRLEN', of(id), 'body')
    if #leases > 0 and size > bytes_left then break end
    local e = in_time(id, now, ttl)
    if e then
      bytes_left = bytes_left - size
      leases[#leases + 1] = lease(e, now, lease_ms, seed)
      count = count + 1
    end
    gone[#gone + 1] = id
  end
  if #gone > 0 then redis.call('ZREM', ready(class, tenant), unpack(gone)) end
  redis.call('ZADD', turns(class), redis.call('INCR', P .. 'turn'), tenant)
  return count, #gone
end

local function serve(class, most)
  while most > 0 and #ended < 1000 do
    local tenant = next_tenant(class)
    if not tenant then return end
    local quota = redis.call('ZCARD', turns(class)) == 1 and most or 1
    local count, gone = serve_tenant(class, tenant, quota)
    if gone == 0 then return end
    most, free = most - count, free - count
  end
end

serve('interactive', free)
serve('bulk', math.min(free, free_bulk))
probed(leases, pause, now, tonumber(ARGV[2]))

for _, class in ipairs({ 'interactive', 'bulk' }) do
  if #leases > 0 and next_tenant(class) and redis.call('SET', P .. 'rung:' .. class, 1, 'NX', 'PX', ARGV[8]) then
    ring[#ring + 1] = class
  end
end
settle()
return { leases, ring, pause }
