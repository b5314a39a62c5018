#!lua flags=allow-oom
-- Write into journals, each entry in one step with its money. The first entry of a field stays, whoever writes it: a
-- paid reply is never thrown away, and an entry that is sent again books nothing twice.
-- ARGV: dollars that a tenant may spend a day or '', then (kind, id, place, dollars, value)*, where kind is
--   open  a call is about to be sent, for which dollars are set aside under every cap;
--   gen   value is the provider's id of it;
--   end   it cost dollars, and value is its bill and its reply.
-- Returns per entry 1; for what is not opened { 'gone' } or { 'wait' or 'refused', which cap, purse, spent, cap }.

local now, allowance = now_ms(), ARGV[1]
local today = day_of(now)

-- An extraction with its money and what its journal holds of a call; nil when there is none.
local function found(id, place)
  local facts = redis.call(
    'HMGET', of(id), 'status', 'tenant', 'batch', 'cap', 'spent', 'reserved', 'open:' .. place, 'gone:' .. place
  )
  if not facts[1] then return nil end
  return {
    id = id, status = facts[1], tenant = facts[2], batch = facts[3] or '', cap = facts[4], spent = facts[5],
    reserved = facts[6], opening = facts[7], is_gone = facts[8],
  }
end

-- Every cap on an extraction: whose it is, where its purse lies, what is spent and reserved of it.
local function caps_of(e)
  local caps = {}
  if e.cap then caps[1] = { 'document', of(e.id), e.cap, e.spent, e.reserved } end
  if e.batch ~= '' then
    local batch = batch_of(e.tenant, e.batch)
    local facts = redis.call('HMGET', batch, 'cap', 'spent', 'reserved')
    if facts[1] then caps[#caps + 1] = { 'batch', batch, unpack(facts) } end
  end
  if allowance ~= '' then
    local daily = daily_purse(e.tenant, today)
    local facts = redis.call('HMGET', daily, 'spent', 'reserved')
    caps[#caps + 1] = { 'tenant', daily, billionths(allowance), unpack(facts) }
  end
  return caps
end

-- The cap that does not hold a call, nil when all do. One that never will comes before one that may, once calls in
-- flight have turned out cheaper than what is set aside for them.
local function short_of(e, usd)
  local short
  for _, each in ipairs(caps_of(e)) do
    local cap, spent, reserved = tonumber(each[3]), tonumber(each[4] or 0), tonumber(each[5] or 0)
    if spent + usd > cap then return { 'refused', each[1], each[2], spent, cap } end
    if spent + usd + reserved > cap then short = short or { 'wait', each[1], each[2], spent, cap } end
  end
  return short
end

local function open(e, place, dollars)
  if e.opening then return 1 end
  if not is_open(e) then return { 'gone' } end
  local usd = billionths(dollars)
  local short = short_of(e, usd)
  if short then return short end
  redis.call('HSET', of(e.id), 'open:' .. place, dollars .. ' ' .. today)
  book(e, today, usd, 0)
  return 1
end

local function close(e, place, dollars, value)
  if redis.call('HSETNX', of(e.id), 'end:' .. place, value) == 0 then return end
  local usd, aside, day = billionths(dollars), set_aside(e.opening, today)
  if e.is_gone then
    redis.call('HDEL', of(e.id), 'gone:' .. place)
    book(e, day, 0, usd - aside)
  else
    book(e, day, -aside, usd)
  end
end

local answers = {}
for i = 2, #ARGV, 5 do
  local kind, place, answer = ARGV[i], ARGV[i + 2], 1
  local e = found(ARGV[i + 1], place)
  if kind == 'open' then
    answer = e and open(e, place, ARGV[i + 3]) or { 'gone' }
  elseif e and kind == 'gen' then
    redis.call('HSETNX', of(e.id), 'gen:' .. place, ARGV[i + 4])
  elseif e and kind == 'end' then
    close(e, place, ARGV[i + 3], ARGV[i + 4])
  end
  answers[#answers + 1] = answer
end
return answers
