-- Append to a transcript. KEYS: a thread's, then transcript, uuids, subpaths. ARGV: owner, ttl_s, session_id, subpath,
-- then uuid, anchor, body of each entry.
local transcript_key, uuids_key, subpaths_key = KEYS[12], KEYS[13], KEYS[14]
local ttl_s, session_id, subpath = ARGV[2], ARGV[3], ARGV[4]
if not held(ARGV[1]) then
  return lost()
end
local tail
for i = 5, #ARGV, 3 do
  local uuid, anchor, body = ARGV[i], ARGV[i + 1] == '1', ARGV[i + 2]
  if uuid == '' or redis.call('SADD', uuids_key, uuid) == 1 then
    redis.call('RPUSH', transcript_key, body)
    if anchor then
      tail = uuid
    end
  end
end
redis.call('SADD', subpaths_key, subpath)
if subpath == '' then
  redis.call('HSETNX', tails_key, session_id, '')
  if tail then
    redis.call('HSET', tails_key, session_id, tail)
  end
end
if tonumber(ttl_s) > 0 then
  for i = 10, 14 do
    if i ~= 11 then
      redis.call('EXPIRE', KEYS[i], ttl_s)
    end
  end
end
return 1
