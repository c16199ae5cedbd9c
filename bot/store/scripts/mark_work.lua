-- Write a thread into the index of threads with work. KEYS: the index. ARGV: thread, ttl_s. Returns the score.
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
if tonumber(ARGV[2]) > 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return now
