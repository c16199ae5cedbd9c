-- Take the lease. ARGV: worker, lease_ms, fence_ttl_s. Returns the fencing token, or nil.
if redis.call('EXISTS', lease_key) == 1 then
  return false
end
-- The clock is the floor of the token, so that it rises even when the counter was lost (a failover, an eviction).
local token = math.max(tonumber(redis.call('GET', fence_key) or '0') + 1, math.floor(now_us() / 1000))
redis.call('SET', fence_key, whole(token), 'EX', ARGV[3])
redis.call('SET', lease_key, whole(token) .. ' ' .. ARGV[1], 'PX', ARGV[2])
return whole(token)
