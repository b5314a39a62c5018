#!lua
-- Take in a re-run of an extraction that has ended: its document, schema and options, and what is kept of its replies.
-- It takes the place of the other in its batch.
-- ARGV: ring_ms, ttl_ms, margin_ms, tenant, id, id of the re-run, Celery task that waits for it or '', then fields of
-- the journal that hold the replies to keep. Returns { 'taken', state, class that needs a ticket or '' }, or { 'known',
-- id, state } where there is a re-run, or { 'unknown' }, { 'open' }, { 'draining' }, { 'schema' }.

local now, ttl, margin = now_ms(), tonumber(ARGV[2]), tonumber(ARGV[3])
local old, id, task = ARGV[5], ARGV[6], ARGV[7]

local e = load(old)
if not e or e.tenant ~= ARGV[4] then return { 'unknown' } end
for _, made in ipairs({ id, redis.call('HGET', of(old), 'retried') or id }) do
  local state = redis.call('HGET', of(made), 'status')
  if state then return { 'known', made, state } end
end
if is_open(e) then return { 'open' } end
if redis.call('EXISTS', P .. 'draining') == 1 then return { 'draining' } end
if redis.call('EXISTS', P .. 'schema:' .. e.schema) == 0 then return { 'schema' } end

local facts = redis.call('HMGET', of(old), 'created', 'digest', 'name', 'body')
local deadline = now + tonumber(e.deadline) - tonumber(facts[1])
local seq = redis.call('INCR', P .. 'seq')
local batch = e.batch ~= '' and batch_of(e.tenant, e.batch)
if batch and redis.call('EXISTS', batch) == 0 then batch = nil end

local fields = {
  'status', 'queued', 'tenant', e.tenant, 'class', e.class, 'seq', seq, 'digest', facts[2], 'schema', e.schema,
  'created', now, 'deadline', deadline, 'body', facts[4], 'retry_of', old,
}
local others = { name = facts[3] or '', cap = e.cap, task = task, batch = batch and e.batch or '' }
for _, name in ipairs({ 'name', 'cap', 'task', 'batch' }) do
  if others[name] ~= '' then
    fields[#fields + 1] = name
    fields[#fields + 1] = others[name]
  end
end
redis.call('HSET', of(id), unpack(fields))
redis.call('HSET', of(old), 'retried', id)
for i = 8, #ARGV do
  local reply = redis.call('HGET', of(old), ARGV[i])
  if reply then redis.call('HSET', of(id), string.gsub(ARGV[i], '^%a+', 'kept'), reply) end
end

redis.call('PEXPIREAT', P .. 'schema:' .. e.schema, deadline + ttl + margin, 'GT')
add(P .. 'deadlines', deadline, id)
add(listing(e.tenant, 'open'), entered(now, seq), id)
add(ready(e.class, e.tenant), seq, id)
redis.call('ZADD', turns(e.class), 'NX', redis.call('GET', P .. 'turn') or 0, e.tenant)

if batch then
  redis.call('HINCRBY', batch, e.status, -1)
  redis.call('HINCRBY', batch, 'ended', -1)
  local ends = math.max(tonumber(redis.call('HGET', batch, 'deadline') or 0), deadline)
  redis.call('HSET', batch, 'deadline', ends)
  local index = redis.call('LPOS', batch .. ':members', old)
  if index then redis.call('LSET', batch .. ':members', index, id) end
  redis.call('PEXPIREAT', batch, ends + ttl)
  redis.call('PEXPIREAT', batch .. ':members', ends + ttl)
  redis.call('ZREM', P .. 'closing', e.tenant .. ':' .. e.batch)
end

local ring = redis.call('SET', P .. 'rung:' .. e.class, 1, 'NX', 'PX', ARGV[1])
settle()
return { 'taken', 'queued', ring and e.class or '' }
