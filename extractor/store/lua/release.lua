#!lua flags=allow-oom
-- Give leases back: to the head of the queue, as if they had not been claimed.
-- ARGV: ttl_ms, (id, token)*. Returns how many were given back.

local now, ttl = now_ms(), tonumber(ARGV[1])
local given = 0

for i = 2, #ARGV, 2 do
  local e = load(ARGV[i])
  if e and e.token == ARGV[i + 1] and e.status == 'running' then
    if e.cancel == '1' then finish_unheld(e, 'cancelled', 'cancelled', now, ttl) else put_back(e, now) end
    given = given + 1
  end
end
settle()
return given
