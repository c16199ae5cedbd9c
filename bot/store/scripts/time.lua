-- What time it is, in microseconds, where a key lives. KEYS: the key.
local time = redis.call('TIME')
return string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
