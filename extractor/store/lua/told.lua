#!lua flags=allow-oom
-- Strike entries from the outbox. What was erased between its reading and its telling is erased at Celery too.
-- ARGV: (task, id, known when it was read)*.

for i = 1, #ARGV, 3 do
  redis.call('ZREM', P .. 'outbox', ARGV[i] .. ' ' .. ARGV[i + 1])
  if ARGV[i + 2] == '1' and redis.call('EXISTS', of(ARGV[i + 1])) == 0 then
    redis.call('DEL', 'celery-task-meta-' .. ARGV[i])
  end
end
return 1
