-- What the scripts share: key names, the clock, money, and the moves between states. Not a script of its own.
-- Changes of sorted sets are gathered and made by `settle`, one call per set: a script moves hundreds of extractions.

local P = 'extractor:'
local ended, added, removed = {}, {}, {}

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function of(id) return P .. 'e:' .. id end
local function ready(class, tenant) return P .. 'ready:' .. class .. ':' .. tenant end
local function turns(class) return P .. 'turns:' .. class end
local function listing(tenant, state) return P .. 'list:' .. tenant .. ':' .. state end
local function batch_of(tenant, id) return P .. 'b:' .. tenant .. ':' .. id end
local function day_of(now) return math.floor(now / 86400000) end
local function daily_purse(tenant, day) return P .. 'money:' .. tenant .. ':' .. day end

-- When a list was entered, in ms. The submission number tells those of one ms apart, so that pages of a list meet.
local function entered(now, seq) return now + tonumber(seq) % 1000 / 1000 end

local function add(key, score, member)
  local pairs_ = added[key]
  if not pairs_ then
    pairs_ = {}
    added[key] = pairs_
  end
  pairs_[#pairs_ + 1] = score
  pairs_[#pairs_ + 1] = member
end

local function remove(key, member)
  local members = removed[key]
  if not members then
    members = {}
    removed[key] = members
  end
  members[#members + 1] = member
end

-- One command for many members, in portions that fit Lua's stack.
local function in_portions(command, key, members)
  for first = 1, #members, 4000 do
    redis.call(command, key, unpack(members, first, math.min(first + 3999, #members)))
  end
end

-- Make what was gathered true, and wake whoever waits for an end. Every script that moves anything ends with it.
local function settle()
  for key, members in pairs(removed) do in_portions('ZREM', key, members) end
  for key, scored in pairs(added) do in_portions('ZADD', key, scored) end
  if #ended > 0 then redis.call('PUBLISH', P .. 'ended', table.concat(ended, ' ')) end
end

local FIELDS = {
  'status', 'tenant', 'class', 'token', 'claim', 'seq', 'batch', 'task', 'key', 'cancel', 'suspect', 'deferrals',
  'schema', 'deadline', 'cap', 'reserved', 'retry_of', 'body',
}
local WITHOUT_BODY = #FIELDS - 1

local function read(id, count)
  local values = redis.call('HMGET', of(id), unpack(FIELDS, 1, count))
  if not values[1] then return nil end
  local found = { id = id }
  for i = 1, count do found[FIELDS[i]] = values[i] or '' end
  return found
end

-- The extraction as a table, nil when there is none. Absent fields are ''.
local function load(id) return read(id, WITHOUT_BODY) end

local function is_open(e)
  return e.status == 'queued' or e.status == 'running' or e.status == 'deferred'
end

-- Dollars are counted in billionths, as integers: sums of binary fractions would not come back to nothing.
local function billionths(dollars) return math.floor(tonumber(dollars) * 1e9 + 0.5) end

-- Book on every purse that an extraction draws from: its own, its batch's, and its tenant's of the day of the call,
-- which is kept for 32 days from its first booking.
local function book(e, day, reserved, spent)
  local purses = { daily_purse(e.tenant, day), of(e.id) }
  if e.batch ~= '' then
    local batch = batch_of(e.tenant, e.batch)
    if redis.call('EXISTS', batch) == 1 then purses[3] = batch end
  end
  for i, purse in ipairs(purses) do
    local is_first = reserved ~= 0 and redis.call('HINCRBY', purse, 'reserved', reserved) == reserved
    is_first = (spent ~= 0 and redis.call('HINCRBY', purse, 'spent', spent) == spent) or is_first
    if is_first and i == 1 then redis.call('PEXPIRE', purse, 32 * 86400000, 'NX') end
  end
end

-- What an opening set aside for a call, and on which day; nothing where it was lost with the tail of the file.
local function set_aside(opening, today)
  local dollars, day = string.match(opening or '', '^(%S+) (%d+)$')
  if not dollars then return 0, today end
  return billionths(dollars), tonumber(day)
end

-- Charge the open calls of a lease that is over: what was set aside for them counts as spent, until the reply comes.
local function charge(e, now)
  if (tonumber(e.reserved) or 0) == 0 then return end
  local open, settled = {}, {}
  for _, name in ipairs(redis.call('HKEYS', of(e.id))) do
    local kind, place = string.match(name, '^(%a+):(.+)$')
    if kind == 'open' then open[#open + 1] = place end
    if kind == 'end' or kind == 'gone' then settled[place] = true end
  end
  for _, place in ipairs(open) do
    if not settled[place] then
      local usd, day = set_aside(redis.call('HGET', of(e.id), 'open:' .. place), day_of(now))
      redis.call('HSET', of(e.id), 'gone:' .. place, 1)
      book(e, day, -usd, usd)
    end
  end
  e.reserved = ''
end

-- Take an open extraction out of the one place where it waits or runs.
local function leave(e)
  if e.status == 'running' then
    remove(P .. 'running', e.id)
  elseif e.status == 'deferred' then
    remove(P .. 'due', e.id)
  elseif e.suspect == '' then
    remove(ready(e.class, e.tenant), e.id)
  else
    remove(P .. 'suspects', e.id)
    remove(P .. 'alone', e.id)
  end
end

-- Let an extraction wait for a claim: in its tenant's order, or among the suspects.
local function await(e)
  e.status = 'queued'
  if e.suspect == 'alone' then
    add(P .. 'alone', e.seq, e.id)
  elseif e.suspect ~= '' then
    add(P .. 'suspects', e.seq, e.id)
  else
    add(ready(e.class, e.tenant), e.seq, e.id)
    redis.call('ZADD', turns(e.class), 'NX', redis.call('GET', P .. 'turn') or 0, e.tenant)
  end
end

-- Back to waiting. Whoever held a lease has lost it.
local function put_back(e, now)
  leave(e)
  charge(e, now)
  redis.call('HSET', of(e.id), 'status', 'queued')
  redis.call('HDEL', of(e.id), 'token')
  await(e)
end

local function expire(id, e, ttl)
  redis.call('PEXPIRE', of(id), ttl)
  if e.key ~= '' then redis.call('PEXPIRE', P .. 'key:' .. e.tenant .. ':' .. e.key, ttl) end
end

-- A member's end in its batch. The members' expiry begins at the end of the batch; until then theirs is far off.
local function end_member(e, state, now, ttl)
  local batch = batch_of(e.tenant, e.batch)
  redis.call('HINCRBY', batch, state, 1)
  local done = redis.call('HINCRBY', batch, 'ended', 1)
  local facts = redis.call('HMGET', batch, 'total', 'deadline')
  if done >= tonumber(facts[1] or 0) then redis.call('ZADD', P .. 'closing', 0, e.tenant .. ':' .. e.batch) end
  expire(e.id, e, math.max(tonumber(facts[2] or now) - now, 0) + ttl)
end

-- The one way into an end. Ends are never left. Without a result, readers make one from the journal.
local function finish(e, state, code, now, ttl, result)
  leave(e)
  charge(e, now)
  remove(P .. 'deadlines', e.id)
  remove(listing(e.tenant, 'open'), e.id)
  add(listing(e.tenant, state), entered(now, e.seq), e.id)
  if result and result ~= '' then
    redis.call('HSET', of(e.id), 'status', state, 'ended', now, 'code', code, 'result', result)
  else
    redis.call('HSET', of(e.id), 'status', state, 'ended', now, 'code', code)
  end
  e.status = state
  if e.batch == '' then expire(e.id, e, ttl) else end_member(e, state, now, ttl) end
  if e.task ~= '' then add(P .. 'outbox', now, e.task .. ' ' .. e.id) end
  ended[#ended + 1] = e.id
end

-- An end that no worker commits: whoever holds a lease has lost it.
local function finish_unheld(e, state, code, now, ttl)
  local was_running = e.status == 'running'
  finish(e, state, code, now, ttl)
  redis.call('HDEL', of(e.id), 'token')
  if was_running then redis.call('PUBLISH', P .. 'control', 'cancel ' .. e.id) end
end

-- The journal of an extraction: names and values in turn.
local function calls_of(id)
  local names, found = {}, {}
  for _, name in ipairs(redis.call('HKEYS', of(id))) do
    if string.find(name, ':', 1, true) then names[#names + 1] = name end
  end
  for first = 1, #names, 1000 do
    local last = math.min(first + 999, #names)
    for i, value in ipairs(redis.call('HMGET', of(id), unpack(names, first, last))) do
      found[#found + 1] = names[first + i - 1]
      found[#found + 1] = value
    end
  end
  return found
end

-- A waiting extraction with its body; nil when its deadline has passed, which is its end.
local function in_time(id, now, ttl)
  local e = read(id, #FIELDS)
  if tonumber(e.deadline) > now then return e end
  finish_unheld(e, 'failed', 'deadline_exceeded', now, ttl)
  return nil
end

-- Give a lease on a waiting extraction, and return what its holder needs.
local function lease(e, now, lease_ms, seed)
  local id = e.id
  leave(e)
  charge(e, now)
  local claim = (tonumber(e.claim) or 0) + 1
  local token = claim .. '-' .. seed
  redis.call('HSET', of(id), 'status', 'running', 'claim', claim, 'token', token)
  add(P .. 'running', now + lease_ms, id)
  local calls = (claim > 1 or e.retry_of ~= '') and calls_of(id) or {}
  local is_capped = e.cap ~= '' or (e.batch ~= '' and redis.call('HEXISTS', batch_of(e.tenant, e.batch), 'cap') == 1)
  return {
    id, token, claim, e.tenant, e.class, e.schema, tonumber(e.deferrals) or 0, e.body, calls, is_capped and 1 or 0,
    e.retry_of,
  }
end

-- How many may be claimed now, and why not more. A circuit lets one through at each probe.
local function gate(now, free)
  local pause = redis.call('HMGET', P .. 'pause', 'by', 'code', 'message', 'since', 'probe')
  if not pause[1] then return free, {} end
  if pause[1] == 'operator' or now < tonumber(pause[5] or 0) then return 0, pause end
  return math.min(free, 1), pause
end

-- Set the next probe when one was let through. One for which nothing waited is still to come.
local function probed(leases, pause, now, probe_ms)
  if pause[1] and #leases > 0 then redis.call('HSET', P .. 'pause', 'probe', now + probe_ms) end
end
