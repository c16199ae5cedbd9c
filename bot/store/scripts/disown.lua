-- Take a user out of a thread's people and points. ARGV: owner, user
local user = ARGV[2]
if not held(ARGV[1]) then
  return lost()
end
local people = {}
for _, one in ipairs(cjson.decode(redis.call('HGET', thread_key, 'people') or '[]')) do
  if one ~= user then
    people[#people + 1] = one
  end
end
redis.call('HSET', thread_key, 'people', #people > 0 and cjson.encode(people) or '[]')
local points = redis.call('HGETALL', points_key)
for i = 1, #points, 2 do
  local point = cjson.decode(points[i + 1])
  if point.user == user then
    point.user = nil
    redis.call('HSET', points_key, points[i], cjson.encode(point))
  end
end
local branches = redis.call('HKEYS', branches_key)
for _, field in ipairs(branches) do
  if string.match(field, '^%S+ (.*)$') == user then
    redis.call('HDEL', branches_key, field)
  end
end
return 1
