-- Say that a worker lives, and hear who else does. KEYS: workers. ARGV: worker, room (below 0: it leaves), life_us, ttl_s
-- Returns name and room of each other one that gave a sign within life_us; those that did not are dropped.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if tonumber(ARGV[2]) < 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
local others = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local beat_us, room = string.match(all[i + 1], '^(%d+) (%d+)$')
  if not beat_us or tonumber(beat_us) < now - tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    others[#others + 1] = all[i]
    others[#others + 1] = room
  end
end
return others
