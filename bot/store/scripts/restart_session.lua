-- A new, empty session for the turn in flight. ARGV: owner, turn_id, session_id
if not held(ARGV[1]) or redis.call('HGET', turn_key, 'id') ~= ARGV[2] then
  return lost()
end
redis.call('HSET', thread_key, 'session_id', ARGV[3], 'head', '')
return whole(now_us())
