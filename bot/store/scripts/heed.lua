-- The messages behind the decision don't decide it. ARGV: owner, order of each message that was looked at
if not held(ARGV[1]) then
  return lost()
end
local seen = {}
for i = 2, #ARGV do
  seen[ARGV[i]] = true
end
for _, order in ipairs(redis.call('ZRANGE', waiting_key, 0, -1)) do
  if not seen[order] then
    return 0
  end
end
redis.call('HSET', turn_key, 'spoken', '0')
return 1
