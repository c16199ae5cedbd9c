-- Replaces a value that is still what the caller read. KEYS: the key. ARGV: what it read, what it is to be.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
