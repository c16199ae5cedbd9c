-- Keep how far the turn has come. ARGV: owner, turn_id, state, progress
if not held(ARGV[1]) or redis.call('HGET', turn_key, 'id') ~= ARGV[2] then
  return lost()
end
redis.call('HSET', turn_key, 'state', ARGV[3], 'progress', ARGV[4])
return 1
