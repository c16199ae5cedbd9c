-- Extend the lease, or revive it when nobody took it since. ARGV: owner, token, lease_ms, fence_ttl_s
local owner = redis.call('GET', lease_key)
if owner and owner ~= ARGV[1] then
  return 0
end
if redis.call('GET', fence_key) ~= ARGV[2] then
  return 0
end
redis.call('SET', lease_key, ARGV[1], 'PX', ARGV[3])
redis.call('EXPIRE', fence_key, ARGV[4])
return 1
