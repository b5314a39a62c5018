-- What the scripts share: key names, the clock, and the moves between states. Not a script of its own.

local P = 'extractor:'
local ended = {}

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function of(id) return P .. 'e:' .. id end
local function ready(class, tenant) return P .. 'ready:' .. class .. ':' .. tenant end
local function turns(class) return P .. 'turns:' .. class end
local function listing(tenant, state) return P .. 'list:' .. tenant .. ':' .. state end
local function batch_of(id) return P .. 'b:' .. id end

local FIELDS = {
  'status', 'tenant', 'class', 'token', 'claim', 'seq', 'batch', 'task', 'key', 'cancel', 'suspect', 'deaths',
  'deferrals', 'schema', 'created',
}

-- The extraction as a table, nil when there is none. Absent fields are ''.
local function load(id)
  local values = redis.call('HMGET', of(id), unpack(FIELDS))
  if not values[1] then return nil end
  local found = { id = id }
  for i, name in ipairs(FIELDS) do found[name] = values[i] or '' end
  return found
end

local function is_open(e)
  return e.status == 'queued' or e.status == 'running' or e.status == 'deferred'
end

-- Take an open extraction out of the one place where it waits or runs.
local function leave(e)
  if e.status == 'running' then
    redis.call('ZREM', P .. 'running', e.id)
  elseif e.status == 'deferred' then
    redis.call('ZREM', P .. 'due', e.id)
  elseif e.suspect == '' then
    redis.call('ZREM', ready(e.class, e.tenant), e.id)
  else
    redis.call('ZREM', P .. 'suspects', e.id)
    redis.call('ZREM', P .. 'alone', e.id)
  end
end

-- Move to another state, in the hash and in the lists.
local function enter(e, state, now)
  if e.batch ~= '' then
    redis.call('HINCRBY', batch_of(e.batch), e.status, -1)
    redis.call('HINCRBY', batch_of(e.batch), state, 1)
  end
  redis.call('ZREM', listing(e.tenant, e.status), e.id)
  redis.call('ZADD', listing(e.tenant, state), now, e.id)
  redis.call('HSET', of(e.id), 'status', state)
  e.status = state
end

-- Let an extraction wait for a claim: in its tenant's order, or among the suspects.
local function await(e)
  if e.suspect == 'alone' then
    redis.call('ZADD', P .. 'alone', e.seq, e.id)
  elseif e.suspect ~= '' then
    redis.call('ZADD', P .. 'suspects', e.seq, e.id)
  else
    redis.call('ZADD', ready(e.class, e.tenant), e.seq, e.id)
    redis.call('ZADD', turns(e.class), 'NX', redis.call('GET', P .. 'turn') or 0, e.tenant)
  end
end

-- Back to waiting. Whoever held a lease has lost it.
local function put_back(e, now)
  leave(e)
  enter(e, 'queued', now)
  redis.call('HDEL', of(e.id), 'token')
  await(e)
end

local function expire(id, e, ttl)
  local key = of(id)
  redis.call('PEXPIRE', key, ttl)
  redis.call('PEXPIRE', key .. ':body', ttl)
  redis.call('PEXPIRE', key .. ':calls', ttl)
  redis.call('PEXPIRE', key .. ':result', ttl)
  if e.key ~= '' then redis.call('PEXPIRE', P .. 'key:' .. e.tenant .. ':' .. e.key, ttl) end
end

-- A member's end in its batch. The members' expiry begins at the end of the batch; until then theirs is far off.
local function end_member(e, now, ttl)
  local batch = batch_of(e.batch)
  local left = redis.call('HMGET', batch, 'queued', 'running', 'deferred', 'deadline')
  if tonumber(left[1] or 0) + tonumber(left[2] or 0) + tonumber(left[3] or 0) == 0 then
    redis.call('ZADD', P .. 'closing', 0, e.batch)
  end
  expire(e.id, e, math.max(tonumber(left[4] or now) - now, 0) + ttl)
end

-- The one way into an end. Ends are never left.
local function finish(e, state, code, now, ttl)
  leave(e)
  enter(e, state, now)
  redis.call('HSET', of(e.id), 'ended', now, 'code', code)
  redis.call('ZREM', P .. 'deadlines', e.id)
  if e.batch == '' then expire(e.id, e, ttl) else end_member(e, now, ttl) end
  if e.task ~= '' then redis.call('ZADD', P .. 'outbox', now, e.task .. ' ' .. e.id) end
  ended[#ended + 1] = e.id
end

-- An end that no worker commits: whoever holds a lease has lost it.
local function finish_unheld(e, state, code, now, ttl)
  local was_running = e.status == 'running'
  finish(e, state, code, now, ttl)
  redis.call('HDEL', of(e.id), 'token')
  if was_running then redis.call('PUBLISH', P .. 'control', 'cancel ' .. e.id) end
end

-- Wake whoever waits for the ends of this script.
local function announce()
  if #ended > 0 then redis.call('PUBLISH', P .. 'ended', table.concat(ended, ' ')) end
end

-- Give a lease on a waiting extraction, and return what its holder needs.
local function lease(e, now, lease_ms, seed)
  leave(e)
  enter(e, 'running', now)
  local claim = redis.call('HINCRBY', of(e.id), 'claim', 1)
  local token = claim .. '-' .. seed
  redis.call('HSET', of(e.id), 'token', token)
  redis.call('ZADD', P .. 'running', now + lease_ms, e.id)
  local calls = {}
  if claim > 1 then calls = redis.call('HGETALL', of(e.id) .. ':calls') end
  local body = redis.call('GET', of(e.id) .. ':body') or ''
  return { e.id, token, claim, e.tenant, e.class, e.schema, tonumber(e.deferrals) or 0, body, calls }
end

-- Whether nothing may be claimed now, and how many may be. A circuit lets one through at each probe.
local function gate(now, free, probe_ms)
  local pause = redis.call('HMGET', P .. 'pause', 'by', 'code', 'message', 'since', 'probe')
  if not pause[1] then return free, {} end
  if pause[1] == 'operator' or now < tonumber(pause[5] or 0) then return 0, pause end
  redis.call('HSET', P .. 'pause', 'probe', now + probe_ms)
  return math.min(free, 1), pause
end
