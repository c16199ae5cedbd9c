-- Remove a session's transcripts. KEYS: a thread's, then every key of the transcripts. ARGV: owner, session_id
if not held(ARGV[1]) then
  return lost()
end
redis.call('HDEL', tails_key, ARGV[2])
for i = 12, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
return 1
