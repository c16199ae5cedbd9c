-- Make a branch's thread, with its first points. ARGV: owner, ttl_s, number of fields, name and value of each, then ts
-- and point of each point. Returns now in microseconds.
local ttl_s, count = ARGV[2], tonumber(ARGV[3])
if not held(ARGV[1]) then
  return lost()
end
local now = whole(now_us())
for i = 4, 3 + 2 * count, 2 do
  redis.call('HSET', thread_key, ARGV[i], ARGV[i + 1])
end
if redis.call('HGET', thread_key, 'created_at_us') == '0' then
  redis.call('HSET', thread_key, 'created_at_us', now)
end
redis.call('HSET', thread_key, 'active_at_us', now)
for i = 4 + 2 * count, #ARGV, 2 do
  redis.call('HSET', points_key, ARGV[i], ARGV[i + 1])
end
stay(ttl_s)
return now
