#!lua flags=allow-oom
-- Tell that the child that ran these suspects died. Company condemns nobody; the third death alone ends it.
-- ARGV: ttl_ms, alone, max_deaths, (id, token)*. Returns the ids that were condemned.

local now, ttl = now_ms(), tonumber(ARGV[1])
local condemned = {}

for i = 4, #ARGV, 2 do
  local e = load(ARGV[i])
  if e and e.token == ARGV[i + 1] and e.status == 'running' then
    local deaths = 0
    if ARGV[2] == '1' then deaths = redis.call('HINCRBY', of(e.id), 'deaths', 1) end
    if e.cancel == '1' then
      finish_unheld(e, 'cancelled', 'cancelled', now, ttl)
    elseif deaths >= tonumber(ARGV[3]) then
      finish_unheld(e, 'failed', 'worker_killer', now, ttl)
      condemned[#condemned + 1] = e.id
    else
      e.suspect = 'alone'
      redis.call('HSET', of(e.id), 'suspect', 'alone')
      put_back(e, now)
    end
  end
end
settle()
return condemned
