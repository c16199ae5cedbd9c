-- Takes the first member that is due, and puts it off while somebody sees to it. KEYS: the sorted set.
-- ARGV: now and for how long it is put off, in seconds.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)
if not due[1] then
  return ''
end
redis.call('ZADD', KEYS[1], 'XX', ARGV[1] + ARGV[2], due[1])
return due[1]
