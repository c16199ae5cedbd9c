-- Give the lease back. ARGV: owner, token, even_with_work. Returns {given back, up to when the thread's entry in the work
-- index may be dropped, in microseconds; 0 for not at all}.
-- A lease that ran out and that nobody took since is given back already.
local owner, fence = redis.call('GET', lease_key), redis.call('GET', fence_key)
local given_back = ARGV[2] .. '.1'
if owner ~= ARGV[1] and (owner or (fence ~= ARGV[2] and fence ~= given_back)) then
  return lost()
end
local work = has_work()
if owner and work and ARGV[3] ~= '1' then
  return {0, 0}
end
redis.call('DEL', lease_key)
if fence == ARGV[2] then
  -- Still a number that the next token exceeds, but not this one: a renewal that comes late must not revive the lease.
  redis.call('SET', fence_key, given_back, 'KEEPTTL')
end
if owner and work and redis.call('HGET', turn_key, 'token') == ARGV[2] then
  -- Its turn was not ended by a failure: whoever takes it up makes no further attempt.
  redis.call('HINCRBY', turn_key, 'attempt', -1)
end
local marked_us = redis.call('HGET', thread_key, 'marked_us')
if work or not marked_us then
  return {1, 0}
end
-- A message whose entry was written before this, and that is not stored yet, has to write it again.
redis.call('HSET', thread_key, 'settled_us', marked_us)
return {1, marked_us}
