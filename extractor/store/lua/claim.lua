#!lua flags=allow-oom
-- Give leases on what waits, in fair order: interactive first, then bulk, tenants in turn.
-- ARGV: lease_ms, probe_ms, free, free_bulk, max_bytes, seed, ring_ms.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local free, pause = gate(now, tonumber(ARGV[3]))
local free_bulk, bytes_left, seed = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local leases, ring = {}, {}

-- The tenant whose turn it is; one without anything ready leaves the round. Nil when nothing waits.
local function next_tenant(class)
  while true do
    local tenant = redis.call('ZRANGE', turns(class), 0, 0)[1]
    if not tenant or redis.call('EXISTS', ready(class, tenant)) == 1 then return tenant end
    redis.call('ZREM', turns(class), tenant)
  end
end

-- Lease up to `most` of one tenant; returns how many, and whether the documents of one claim became too large.
local function serve_tenant(class, tenant, most)
  local taken = {}
  for _, id in ipairs(redis.call('ZRANGE', ready(class, tenant), 0, most - 1)) do
    local size = redis.call('HSTRLEN', of(id), 'body')
    if #leases > 0 and size > bytes_left then break end
    bytes_left = bytes_left - size
    leases[#leases + 1] = lease(id, now, lease_ms, seed)
    taken[#taken + 1] = id
  end
  if #taken > 0 then redis.call('ZREM', ready(class, tenant), unpack(taken)) end
  redis.call('ZADD', turns(class), redis.call('INCR', P .. 'turn'), tenant)
  return #taken
end

local function serve(class, most)
  while most > 0 do
    local tenant = next_tenant(class)
    if not tenant then return end
    local quota = redis.call('ZCARD', turns(class)) == 1 and most or 1
    local count = serve_tenant(class, tenant, quota)
    if count == 0 then return end
    most, free = most - count, free - count
  end
end

serve('interactive', free)
serve('bulk', math.min(free, free_bulk))
probed(leases, pause, now, tonumber(ARGV[2]))

for _, class in ipairs({ 'interactive', 'bulk' }) do
  if #leases > 0 and next_tenant(class) and redis.call('SET', P .. 'rung:' .. class, 1, 'NX', 'PX', ARGV[7]) then
    ring[#ring + 1] = class
  end
end
settle()
return { leases, ring, pause }
