#!lua flags=allow-oom
-- Let suspects and deferred extractions wait like any other again. Ends stay ends.
-- ARGV: id*. Returns per id: 1 requeued, 0 not.

local requeued = {}
for i, id in ipairs(ARGV) do
  local e = load(id)
  requeued[i] = 0
  if e and (e.status == 'deferred' or (e.status == 'queued' and e.suspect ~= '')) then
    leave(e)
    redis.call('HDEL', of(id), 'suspect', 'deaths', 'due', 'token')
    redis.call('HSET', of(id), 'status', 'queued')
    e.suspect = ''
    await(e)
    requeued[i] = 1
  end
end
settle()
redis.call('PUBLISH', P .. 'control', 'wake')
return requeued
