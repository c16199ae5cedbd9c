-- Remove decisions. KEYS: a thread's, then decisions. ARGV: owner, then their ids.
local decisions_key = KEYS[12]
if not held(ARGV[1]) then
  return lost()
end
local gone = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  gone[id] = true
  redis.call('HDEL', decisions_key, id, id .. ':card', id .. ':decided', id .. ':expires_us', id .. ':turn')
end
local left = {}
for id in string.gmatch(redis.call('HGET', decisions_key, 'ids') or '', '%S+') do
  if not gone[id] then
    left[#left + 1] = id
  end
end
redis.call('HSET', decisions_key, 'ids', table.concat(left, ' '))
return 1
