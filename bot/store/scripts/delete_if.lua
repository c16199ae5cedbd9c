-- Deletes a value that is still what the caller expects. KEYS: the key. ARGV: what it expects.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
return 1
