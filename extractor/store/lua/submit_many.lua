#!lua
-- Take extractions in: all of them, or none when a key stands for something else. What is returned is acknowledged.
-- ARGV: ring_ms, number of schemas, (digest, json, expires_at)*, then 12 per extraction, in the order of ITEM.

local ITEM = {
  'id', 'tenant', 'class', 'digest', 'schema', 'key', 'batch', 'task', 'name', 'deadline_ms', 'body', 'ttl_ms',
}
local now = now_ms()
local at = 3 + 3 * tonumber(ARGV[2])

if redis.call('EXISTS', P .. 'draining') == 1 then return { 'draining' } end

local items, by_key = {}, {}
for first = at, #ARGV, #ITEM do
  local item = {}
  for i, name in ipairs(ITEM) do item[name] = ARGV[first + i - 1] end
  items[#items + 1] = item
end

local conflicts = { 'conflict' }
for index, item in ipairs(items) do
  local known = redis.call('HMGET', of(item.id), 'digest', 'tenant')
  if known[1] then
    item.known = item.id
    if known[1] ~= item.digest or known[2] ~= item.tenant then conflicts[#conflicts + 1] = index end
  elseif item.key ~= '' then
    local full = P .. 'key:' .. item.tenant .. ':' .. item.key
    local stands_for = by_key[full] or redis.call('GET', full)
    if stands_for then
      local id, digest = string.match(stands_for, '^(%S+) (%S+)$')
      item.known = id
      if digest ~= item.digest then conflicts[#conflicts + 1] = index end
    else
      by_key[full] = item.id .. ' ' .. item.digest
    end
  end
end
if #conflicts > 1 then return conflicts end

for i = 3, at - 1, 3 do
  local key = P .. 'schema:' .. ARGV[i]
  if redis.call('EXISTS', key) == 0 then
    redis.call('SET', key, ARGV[i + 1], 'PXAT', now + tonumber(ARGV[i + 2]))
  else
    redis.call('PEXPIREAT', key, now + tonumber(ARGV[i + 2]), 'GT')
  end
end

local function join_batch(item)
  local batch = batch_of(item.batch)
  local deadline = math.max(tonumber(redis.call('HGET', batch, 'deadline') or 0), now + tonumber(item.deadline_ms))
  redis.call('HSETNX', batch, 'created', now)
  redis.call('HSETNX', batch, 'tenant', item.tenant)
  redis.call('HSET', batch, 'deadline', deadline)
  redis.call('HINCRBY', batch, 'total', 1)
  redis.call('HINCRBY', batch, 'queued', 1)
  redis.call('RPUSH', batch .. ':members', item.id)
  redis.call('PEXPIREAT', batch, deadline + tonumber(item.ttl_ms))
  redis.call('PEXPIREAT', batch .. ':members', deadline + tonumber(item.ttl_ms))
  redis.call('ZREM', P .. 'closing', item.batch)
end

local function take_in(item)
  local seq = redis.call('INCR', P .. 'seq')
  redis.call('HSET', of(item.id), 'status', 'queued', 'tenant', item.tenant, 'class', item.class, 'seq', seq,
    'digest', item.digest, 'schema', item.schema, 'created', now, 'deadline', now + tonumber(item.deadline_ms))
  for _, name in ipairs({ 'key', 'batch', 'task', 'name' }) do
    if item[name] ~= '' then redis.call('HSET', of(item.id), name, item[name]) end
  end
  redis.call('SET', of(item.id) .. ':body', item.body)
  redis.call('ZADD', P .. 'deadlines', now + tonumber(item.deadline_ms), item.id)
  redis.call('ZADD', listing(item.tenant, 'queued'), now, item.id)
  redis.call('SADD', P .. 'tenants', item.tenant)
  if item.batch ~= '' then join_batch(item) end
  await({ id = item.id, suspect = '', class = item.class, tenant = item.tenant, seq = seq })
end

local receipts, classes = {}, {}
for index, item in ipairs(items) do
  if item.known then
    receipts[index] = { item.known, 0, redis.call('HGET', of(item.known), 'status') or 'queued' }
  else
    if item.key ~= '' then
      redis.call('SET', P .. 'key:' .. item.tenant .. ':' .. item.key, item.id .. ' ' .. item.digest)
    end
    take_in(item)
    classes[item.class] = true
    receipts[index] = { item.id, 1, 'queued' }
  end
end

local ring = {}
for class in pairs(classes) do
  if redis.call('SET', P .. 'rung:' .. class, 1, 'NX', 'PX', ARGV[1]) then ring[#ring + 1] = class end
end
return { 'taken', receipts, ring }
