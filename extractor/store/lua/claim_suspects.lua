#!lua flags=allow-oom
-- Give leases on suspects: some in company, or one that has to be alone.
-- ARGV: lease_ms, probe_ms, company, max_bytes, seed.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local bytes_left, leases = tonumber(ARGV[4]), {}
local is_alone = redis.call('EXISTS', P .. 'suspects') == 0
local place = is_alone and 'alone' or 'suspects'

if redis.call('EXISTS', P .. place) == 0 then return { leases, 0 } end
local free, pause = gate(now, is_alone and 1 or tonumber(ARGV[3]))
if free == 0 then return { leases, 0 } end

for _, id in ipairs(redis.call('ZRANGE', P .. place, 0, free - 1)) do
  local size = redis.call('HSTRLEN', of(id), 'body')
  if #leases > 0 and size > bytes_left then break end
  bytes_left = bytes_left - size
  leases[#leases + 1] = lease(id, now, lease_ms, ARGV[5])
end
probed(leases, pause, now, tonumber(ARGV[2]))
settle()
return { leases, is_alone and 1 or 0 }
