-- Take back what is held back. ARGV: user, or empty for everybody's. Returns the bodies.
local taken = {}
if redis.call('HEXISTS', thread_key, 'paused') == 0 then
  return taken
end
for _, order in ipairs(redis.call('ZRANGE', waiting_key, 0, -1)) do
  local body = redis.call('HGET', messages_key, order)
  if not body or ARGV[1] == '' or cjson.decode(body).user == ARGV[1] then
    redis.call('ZREM', waiting_key, order)
    redis.call('HDEL', messages_key, order)
    taken[#taken + 1] = body
  end
end
unpause_if_empty()
return taken
