#!lua flags=allow-oom
-- Write outcomes, each once, by whoever holds the token; with it goes the entry in the outbox.
-- ARGV: ttl_ms, (id, token, state, code, result)*. Returns per outcome: 0 the lease was lost, 1 it stands, 2 it stands
-- and Celery has to be told.

local now, ttl = now_ms(), tonumber(ARGV[1])
local stands = {}

for i = 2, #ARGV, 5 do
  local e = load(ARGV[i])
  local verdict = 0
  if e and e.token == ARGV[i + 1] then
    verdict = e.task == '' and 1 or 2
    if e.status == 'running' or e.status == 'queued' then finish(e, ARGV[i + 2], ARGV[i + 3], now, ttl, ARGV[i + 4]) end
  end
  stands[#stands + 1] = verdict
end
settle()
return stands
