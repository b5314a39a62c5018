#!lua flags=allow-oom
-- Write into journals. The first entry of a field stays, whoever writes it: a paid reply is never thrown away.
-- ARGV: (id, field, value)*.

for i = 1, #ARGV, 3 do
  if redis.call('HEXISTS', of(ARGV[i]), 'status') == 1 then
    redis.call('HSETNX', of(ARGV[i]), ARGV[i + 1], ARGV[i + 2])
  end
end
return 1
