-- Write a thread into the index of threads with a pending decision. KEYS: the index. ARGV: thread, wait_us, ttl_s
-- Returns {now, when the decision expires}, in microseconds.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local expires = string.format('%.0f', now + tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], expires, ARGV[1])
if tonumber(ARGV[3]) > 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return {string.format('%.0f', now), expires}
