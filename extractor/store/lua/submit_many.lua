#!lua
-- Take extractions in: all of them, or none when a key stands for something else. What is returned is acknowledged.
-- ARGV: ring_ms, ttl_ms, dollars that a tenant may spend a day or '', number of schemas, (digest, json or '' where it
-- is known, kept_ms)*, then (facts as JSON, body) per extraction.

local now, ttl = now_ms(), tonumber(ARGV[2])
local at = 5 + 3 * tonumber(ARGV[4])

if redis.call('EXISTS', P .. 'draining') == 1 then return { 'draining' } end

-- A schema that the caller thinks we have may have been lost with the tail of the file.
for i = 5, at - 1, 3 do
  if ARGV[i + 1] == '' and redis.call('EXISTS', P .. 'schema:' .. ARGV[i]) == 0 then return { 'schemas' } end
end

local items, by_key, by_id = {}, {}, {}
for first = at, #ARGV, 2 do
  local item = cjson.decode(ARGV[first])
  item.body = ARGV[first + 1]
  items[#items + 1] = item
end

local conflicts = { 'conflict' }
for index, item in ipairs(items) do
  local known = by_id[item.id] or redis.call('HMGET', of(item.id), 'digest', 'tenant')
  if known[1] then
    item.known = item.id
    if known[1] ~= item.digest or known[2] ~= item.tenant then conflicts[#conflicts + 1] = index end
  elseif item.key then
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
  if not item.known then by_id[item.id] = { item.digest, item.tenant } end
end
if #conflicts > 1 then return conflicts end

-- Nothing that may cost anything is taken under a cap of which nothing is left: no worker could ask for it.
local function used_up(which, purse, dollars)
  local facts = redis.call('HMGET', purse, 'spent', 'cap')
  local spent, cap = tonumber(facts[1] or 0), dollars and billionths(dollars) or tonumber(facts[2])
  if cap and spent >= cap then return { 'used_up', which, purse, spent, cap } end
  return nil
end

local seen = {}
for _, item in ipairs(items) do
  local name = item.tenant .. ':' .. (item.batch or '')
  if item.is_priced and not item.known and not seen[name] then
    seen[name] = true
    local daily = daily_purse(item.tenant, day_of(now))
    local used = (ARGV[3] ~= '' and used_up('tenant', daily, ARGV[3]))
      or (item.batch and used_up('batch', batch_of(item.tenant, item.batch), item.batch_cap))
    if used then return used end
  end
end

for i = 5, at - 1, 3 do
  local key = P .. 'schema:' .. ARGV[i]
  if redis.call('EXISTS', key) == 0 then
    redis.call('SET', key, ARGV[i + 1], 'PXAT', now + tonumber(ARGV[i + 2]))
  else
    redis.call('PEXPIREAT', key, now + tonumber(ARGV[i + 2]), 'GT')
  end
end

local tenants, batches, classes = {}, {}, {}

local function join_batch(item, deadline)
  local name = item.tenant .. ':' .. item.batch
  local batch = batches[name]
  if not batch then
    batch = { key = batch_of(item.tenant, item.batch), tenant = item.tenant, deadline = deadline, members = {} }
    batches[name] = batch
  end
  batch.deadline = math.max(batch.deadline, deadline)
  batch.members[#batch.members + 1] = item.id
end

local function take_in(item, seq)
  local deadline = now + item.deadline_ms
  local fields = {
    'status', 'queued', 'tenant', item.tenant, 'class', item.class, 'seq', seq, 'digest', item.digest,
    'schema', item.schema, 'created', now, 'deadline', deadline, 'body', item.body,
  }
  if item.cap then
    fields[#fields + 1] = 'cap'
    fields[#fields + 1] = billionths(item.cap)
  end
  for _, name in ipairs({ 'key', 'batch', 'task', 'name' }) do
    if item[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = item[name]
    end
  end
  redis.call('HSET', of(item.id), unpack(fields))
  if item.key then redis.call('SET', P .. 'key:' .. item.tenant .. ':' .. item.key, item.id .. ' ' .. item.digest) end
  add(P .. 'deadlines', deadline, item.id)
  add(listing(item.tenant, 'open'), entered(now, seq), item.id)
  add(ready(item.class, item.tenant), seq, item.id)
  tenants[item.class .. ' ' .. item.tenant] = true
  classes[item.class] = true
  if item.batch then join_batch(item, deadline) end
end

local receipts = {}
local seq = redis.call('INCRBY', P .. 'seq', #items) - #items
for index, item in ipairs(items) do
  if item.known then
    receipts[index] = { item.known, 0, redis.call('HGET', of(item.known), 'status') or 'queued' }
  else
    take_in(item, seq + index)
    receipts[index] = { item.id, 1, 'queued' }
  end
end

for place in pairs(tenants) do
  local class, tenant = string.match(place, '^(%S+) (%S+)$')
  redis.call('ZADD', turns(class), 'NX', redis.call('GET', P .. 'turn') or 0, tenant)
  redis.call('SADD', P .. 'tenants', tenant)
end

for name, joined in pairs(batches) do
  local batch = joined.key
  local deadline = math.max(tonumber(redis.call('HGET', batch, 'deadline') or 0), joined.deadline)
  redis.call('HSETNX', batch, 'created', now)
  redis.call('HSET', batch, 'deadline', deadline, 'tenant', joined.tenant)
  redis.call('HINCRBY', batch, 'total', #joined.members)
  redis.call('RPUSH', batch .. ':members', unpack(joined.members))
  redis.call('PEXPIREAT', batch, deadline + ttl)
  redis.call('PEXPIREAT', batch .. ':members', deadline + ttl)
  redis.call('ZREM', P .. 'closing', name)
end

-- The last cap that was stated holds, also for members that had been handed in before.
for _, item in ipairs(items) do
  local batch = batch_of(item.tenant, item.batch or '')
  if item.batch_cap and redis.call('EXISTS', batch) == 1 then
    redis.call('HSET', batch, 'cap', billionths(item.batch_cap))
  end
end

local ring = {}
for class in pairs(classes) do
  if redis.call('SET', P .. 'rung:' .. class, 1, 'NX', 'PX', ARGV[1]) then ring[#ring + 1] = class end
end
settle()
return { 'taken', receipts, ring }
