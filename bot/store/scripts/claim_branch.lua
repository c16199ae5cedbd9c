-- Claim the making of a branch. ARGV: field, claim_ms, ttl_s, a branch that is known to be gone
-- Returns the branch that was made before, 'busy', or 'claimed'.
local now = now_us()
local kept = redis.call('HGET', branches_key, ARGV[1])
if kept and kept ~= 'made ' .. ARGV[4] then
  local branch = string.match(kept, '^made (.+)$')
  if branch then
    return branch
  end
  local until_us = tonumber(string.match(kept, '^claimed (%d+)$') or '0')
  if until_us > now then
    return 'busy'
  end
end
redis.call('HSET', branches_key, ARGV[1], 'claimed ' .. whole(now + tonumber(ARGV[2]) * 1000))
stay(ARGV[3])
return 'claimed'
