-- Count an item in a window that slides. KEYS: the window. ARGV: item, bound, window_us.
-- Returns '0' when it is counted, now or before, else after how many microseconds one more would be.
local item, bound, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
if redis.call('ZSCORE', KEYS[1], item) then
  return '0'
end
local counted = redis.call('ZCARD', KEYS[1])
if counted >= bound then
  local makes_room = redis.call('ZRANGE', KEYS[1], counted - bound, counted - bound, 'WITHSCORES')[2]
  return string.format('%.0f', tonumber(makes_room) + window - now)
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now), item)
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return '0'
