-- Keep a session's files. KEYS: a thread's, then files. ARGV: owner, ttl_s, digest, archive
local files_key = KEYS[12]
if not held(ARGV[1]) then
  return lost()
end
redis.call('HSET', files_key, 'v', '1', 'digest', ARGV[3], 'archive', ARGV[4])
if tonumber(ARGV[2]) > 0 then
  redis.call('EXPIRE', files_key, ARGV[2])
end
return 1
