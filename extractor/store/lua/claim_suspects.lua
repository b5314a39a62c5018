#!lua flags=allow-oom
-- Give leases on suspects: some in company, or one that has to be alone. A circuit is probed by them only when nothing
-- else waits.
-- ARGV: lease_ms, probe_ms, ttl_ms, company, max_bytes, seed. Returns leases, whether it is alone, whether it probes.

local now, lease_ms = now_ms(), tonumber(ARGV[1])
local bytes_left, leases = tonumber(ARGV[5]), {}
local is_alone = redis.call('EXISTS', P .. 'suspects') == 0
local place = is_alone and 'alone' or 'suspects'

if redis.call('EXISTS', P .. place) == 0 then return { leases, 0, 0 } end
local free, pause = gate(now, is_alone and 1 or tonumber(ARGV[4]))
local others_wait = redis.call('EXISTS', turns('interactive'), turns('bulk')) > 0
if free == 0 or (pause[1] and others_wait) then return { leases, 0, 0 } end

for _, id in ipairs(redis.call('ZRANGE', P .. place, 0, free - 1)) do
  local size = redis.call('HSTRLEN', of(id), 'body')
  if #leases > 0 and size > bytes_left then break end
  local e = in_time(id, now, tonumber(ARGV[3]))
  if e then
    bytes_left = bytes_left - size
    leases[#leases + 1] = lease(e, now, lease_ms, ARGV[6])
  end
end
probed(leases, pause, now, tonumber(ARGV[2]))
settle()
return { leases, is_alone and 1 or 0, pause[1] and 1 or 0 }
