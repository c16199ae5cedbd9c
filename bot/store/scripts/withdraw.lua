-- Take a waiting message back. ARGV: order
local waits = redis.call('ZREM', waiting_key, ARGV[1]) + redis.call('ZREM', context_key, ARGV[1])
redis.call('HDEL', messages_key, ARGV[1])
unpause_if_empty()
return waits
