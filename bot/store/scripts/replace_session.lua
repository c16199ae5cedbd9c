-- Another current session, unless the thread changed since it was read. ARGV: owner, ttl_s, session_id and title as they
-- were read, then name and value of each field to set. Returns now in microseconds, or nil when it changed.
if not held(ARGV[1]) then
  return lost()
end
local thread = redis.call('HMGET', thread_key, 'session_id', 'title')
if thread[1] ~= ARGV[3] or (thread[2] or '') ~= ARGV[4] then
  return false
end
for i = 5, #ARGV, 2 do
  redis.call('HSET', thread_key, ARGV[i], ARGV[i + 1])
end
local now = whole(now_us())
redis.call('HSET', thread_key, 'active_at_us', now)
stay(ARGV[2])
return now
