-- Keep the branch that was made under a claim, or give the claim back. ARGV: field, branch or empty, ttl_s
if ARGV[2] ~= '' then
  redis.call('HSET', branches_key, ARGV[1], 'made ' .. ARGV[2])
  stay(ARGV[3])
elseif string.match(redis.call('HGET', branches_key, ARGV[1]) or '', '^claimed ') then
  redis.call('HDEL', branches_key, ARGV[1])
end
return 1
