#!lua flags=allow-oom
-- Give leases on what waits, in fair order: interactive first, then bulk, tenants in turn.
-- ARGV: lease_ms, probe_ms, free, free_bulk, max_bytes, seed, ring_ms, woken.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local free, pause = gate(now, tonumber(ARGV[3]), tonumber(ARGV[2]))
local free_bulk, bytes_left, seed = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local leases, ring = {}, {}

if ARGV[8] == '1' then redis.call('DEL', P .. 'rung:interactive', P .. 'rung:bulk') end

-- The next waiting id of the class, nil when none waits. A tenant without any leaves the round.
local function next_of(class)
  while true do
    local tenant = redis.call('ZRANGE', turns(class), 0, 0)[1]
    if not tenant then return nil end
    local id = redis.call('ZRANGE', ready(class, tenant), 0, 0)[1]
    if id then return id, tenant end
    redis.call('ZREM', turns(class), tenant)
  end
end

local function serve(class, most)
  while most > 0 do
    local id, tenant = next_of(class)
    if not id then return end
    local size = redis.call('STRLEN', of(id) .. ':body')
    if #leases > 0 and size > bytes_left then return end
    leases[#leases + 1] = lease(load(id), now, lease_ms, seed)
    redis.call('ZADD', turns(class), redis.call('INCR', P .. 'turn'), tenant)
    bytes_left, most, free = bytes_left - size, most - 1, free - 1
  end
end

serve('interactive', free)
serve('bulk', math.min(free, free_bulk))

for _, class in ipairs({ 'interactive', 'bulk' }) do
  if #leases > 0 and next_of(class) and redis.call('SET', P .. 'rung:' .. class, 1, 'NX', 'PX', ARGV[7]) then
    ring[#ring + 1] = class
  end
end
return { leases, ring, pause }
