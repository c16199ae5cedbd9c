-- Give the lease back. ARGV: owner, token, even_with_work. Returns {given back, no work, now in microseconds}.
-- A lease that ran out and that nobody took since is given back already.
local owner = redis.call('GET', lease_key)
if owner ~= ARGV[1] and (owner or redis.call('GET', fence_key) ~= ARGV[2]) then
  return lost()
end
local work = has_work()
if owner and work and ARGV[3] ~= '1' then
  return {0, 0, whole(now_us())}
end
redis.call('DEL', lease_key)
if owner and work and redis.call('HGET', turn_key, 'token') == ARGV[2] then
  -- Its turn was not ended by a failure: whoever takes it up makes no further attempt.
  redis.call('HINCRBY', turn_key, 'attempt', -1)
end
return {1, work and 0 or 1, whole(now_us())}
