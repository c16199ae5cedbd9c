-- Token buckets that one call counts towards, one after the other. KEYS: the buckets, the widest first.
-- ARGV: pause, how long (µs): no slot of the first bucket is free for that long
-- ARGV: take | urgent | look, patience_us (a slot further away is not taken; negative for any), then interval_us and
-- burst of each bucket in turn
-- `due` is when a bucket is full again; a slot is free while that lies less than a burst ahead. The call comes to each
-- bucket when its turn in the wider one has come, so that a crowded channel delays no other.
local what = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function kept(key, field)
  return math.max(tonumber(redis.call('HGET', key, field) or 0), now)
end

local function keep(key, due, paused)
  redis.call('HSET', key, 'due', string.format('%.0f', due), 'paused', string.format('%.0f', paused))
  redis.call('PEXPIRE', key, math.ceil((math.max(due, paused) - now) / 1000) + 1000)
end

if what == 'pause' then
  keep(KEYS[1], kept(KEYS[1], 'due'), math.max(kept(KEYS[1], 'paused'), now + tonumber(ARGV[2])))
  return '0'
end

local patience, slot, dues = tonumber(ARGV[2]), now, {}
for at, key in ipairs(KEYS) do
  local interval, burst, due = tonumber(ARGV[2 * at + 1]), tonumber(ARGV[2 * at + 2]), kept(key, 'due')
  slot = math.max(slot, kept(key, 'paused'))
  if what ~= 'urgent' then
    slot = math.max(slot, due - (burst - 1) * interval)
  end
  dues[at] = math.max(due, slot) + interval
end
if what ~= 'look' and (patience < 0 or slot - now <= patience) then
  for at, key in ipairs(KEYS) do
    keep(key, dues[at], kept(key, 'paused'))
  end
end
return string.format('%.0f', slot - now)
