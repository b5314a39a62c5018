#!lua flags=allow-oom
-- Move what time has moved: leases that ran out, deferrals that are due, deadlines that passed, batches that ended.
-- After a gap, a step of the clock or another server it waits for one lease length, so that live workers come first.
-- ARGV: lease_ms, gap_ms, ttl_ms, limit, max_deaths. Returns how many leases ran out, how many deferrals were due, how
-- many deadlines had passed; 1 when quiet.

local now, lease_ms, gap_ms = now_ms(), tonumber(ARGV[1]), tonumber(ARGV[2])
local ttl, limit = tonumber(ARGV[3]), tonumber(ARGV[4])

-- The id of this run of the server, '' when we are not allowed to ask.
local function run_id()
  local reply = redis.pcall('INFO', 'server')
  if type(reply) ~= 'string' then return '' end
  return string.match(reply, 'run_id:(%w+)') or ''
end

local meta = redis.call('HMGET', P .. 'meta', 'swept', 'run_id', 'quiet')
local swept, server, quiet = tonumber(meta[1] or now), run_id(), tonumber(meta[3] or 0)
if now - swept > gap_ms or now < swept or (meta[2] and meta[2] ~= server) then quiet = now + lease_ms end
redis.call('HSET', P .. 'meta', 'swept', now, 'run_id', server, 'quiet', quiet)
local is_quiet = now < quiet and quiet <= now + lease_ms

local function passed(place)
  return redis.call('ZRANGEBYSCORE', P .. place, '-inf', now, 'LIMIT', 0, limit)
end

local late = passed('deadlines')
for _, id in ipairs(late) do
  local e = load(id)
  if not e or not is_open(e) then
    remove(P .. 'deadlines', id)
  elseif not is_quiet or e.status ~= 'running' then
    finish_unheld(e, 'failed', 'deadline_exceeded', now, ttl)
  end
end
if is_quiet then
  settle()
  return { 0, 0, #late, 1 }
end

local expired = passed('running')
for _, id in ipairs(expired) do
  local e = load(id)
  if not e or e.status ~= 'running' then
    remove(P .. 'running', id)
  elseif e.cancel == '1' then
    finish_unheld(e, 'cancelled', 'cancelled', now, ttl)
  elseif e.suspect == 'alone' and redis.call('HINCRBY', of(id), 'deaths', 1) >= tonumber(ARGV[5]) then
    -- Its child took the worker along each time, as a container does that runs out of memory.
    finish_unheld(e, 'failed', 'worker_killer', now, ttl)
  else
    -- The token stays: as long as nobody takes it, its holder may come back.
    leave(e)
    charge(e, now)
    e.suspect = e.suspect == '' and 'company' or 'alone'
    redis.call('HSET', of(id), 'status', 'queued', 'suspect', e.suspect)
    await(e)
  end
end

local due = passed('due')
for _, id in ipairs(due) do
  local e = load(id)
  if e and e.status == 'deferred' then put_back(e, now) else remove(P .. 'due', id) end
end

-- Members of ended batches are given their expiry, about `limit` of them.
local left = limit
while left > 0 do
  local closing = redis.call('ZRANGE', P .. 'closing', 0, 0, 'WITHSCORES')
  if not closing[1] then break end
  local batch, done = P .. 'b:' .. closing[1], tonumber(closing[2])
  local members = redis.call('LRANGE', batch .. ':members', done, done + left - 1)
  for _, id in ipairs(members) do
    local e = load(id)
    if e and not is_open(e) then expire(id, e, ttl) end
  end
  if #members < left then
    redis.call('PEXPIRE', batch, ttl)
    redis.call('PEXPIRE', batch .. ':members', ttl)
    redis.call('ZREM', P .. 'closing', closing[1])
  else
    redis.call('ZADD', P .. 'closing', done + #members, closing[1])
  end
  left = left - #members - 1
end

-- Ids that have expired leave the lists: those of some tenants, looked at from another place each time, because members
-- of a batch may be kept longer than what ended after them.
for _, tenant in ipairs(redis.call('SRANDMEMBER', P .. 'tenants', 10)) do
  for _, state in ipairs({ 'succeeded', 'partial', 'failed', 'cancelled' }) do
    local count = redis.call('ZCOUNT', listing(tenant, state), '-inf', now - ttl)
    local from = count > limit and now % (count - limit + 1) or 0
    local old = redis.call('ZRANGEBYSCORE', listing(tenant, state), '-inf', now - ttl, 'LIMIT', from, limit)
    for _, id in ipairs(old) do
      if redis.call('EXISTS', of(id)) == 0 then redis.call('ZREM', listing(tenant, state), id) end
    end
  end
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - 2 * lease_ms)) do
  redis.call('ZREM', P .. 'workers', name)
  redis.call('HDEL', P .. 'workers:running', name)
end
settle()
return { #expired, #due, #late, 0 }
