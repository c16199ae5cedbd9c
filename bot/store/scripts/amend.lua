-- Replace a waiting message's body, unless it changed since it was read. ARGV: order, the body that was read, the new one
if redis.call('HGET', messages_key, ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', messages_key, ARGV[1], ARGV[3])
return 1
