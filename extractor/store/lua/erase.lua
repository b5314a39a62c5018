#!lua flags=allow-oom
-- Forget an extraction: document, replies, record, and what was told to Celery. An open one is cancelled first.
-- ARGV: ttl_ms, id, tenant. Returns 1, or 0 when there is no such extraction.

local now, ttl = now_ms(), tonumber(ARGV[1])
local e = load(ARGV[2])
if not e or e.tenant ~= ARGV[3] then return 0 end

if is_open(e) then finish_unheld(e, 'cancelled', 'cancelled', now, ttl) end
settle()
redis.call('DEL', of(e.id))
redis.call('ZREM', listing(e.tenant, e.status), e.id)
if e.retry_of ~= '' and redis.call('HGET', of(e.retry_of), 'retried') == e.id then
  redis.call('HDEL', of(e.retry_of), 'retried')
end
if e.key ~= '' then redis.call('DEL', P .. 'key:' .. e.tenant .. ':' .. e.key) end
if e.task ~= '' then redis.call('DEL', 'celery-task-meta-' .. e.task) end
if e.batch ~= '' then redis.call('LREM', batch_of(e.tenant, e.batch) .. ':members', 1, e.id) end
return 1
