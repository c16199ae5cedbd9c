-- A token bucket. KEYS: the bucket. ARGV: take | urgent | look | pause, interval_us (of a pause: how long), burst,
-- patience_us (a slot further away is not taken; negative for any)
-- `due` is when the bucket is full again; a slot is free while that lies less than a burst ahead.
local what, interval, burst, patience = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local due = math.max(tonumber(redis.call('HGET', KEYS[1], 'due') or 0), now)
local paused = math.max(tonumber(redis.call('HGET', KEYS[1], 'paused') or 0), now)

local wait = math.max(paused - now, 0)
if what == 'pause' then
  paused = math.max(paused, now + interval)
elseif what ~= 'urgent' then
  wait = math.max(wait, due - now - (burst - 1) * interval)
end
if patience >= 0 and wait > patience then
  what = 'look'
end
if what == 'take' or what == 'urgent' then
  due = due + interval
end
if what ~= 'look' then
  redis.call('HSET', KEYS[1], 'due', string.format('%.0f', due), 'paused', string.format('%.0f', paused))
  redis.call('PEXPIRE', KEYS[1], math.ceil((math.max(due, paused) - now) / 1000) + 1000)
end
return string.format('%.0f', wait)
