-- Set one field of a thread that exists. ARGV: name, value
if redis.call('HEXISTS', thread_key, 'session_id') == 0 then
  return 0
end
redis.call('HSET', thread_key, ARGV[1], ARGV[2])
return 1
