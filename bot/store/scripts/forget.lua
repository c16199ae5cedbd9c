-- Remove everything of a thread but the lease that it is done under. KEYS: a thread's, then whatever else it has.
-- ARGV: owner
if not held(ARGV[1]) then
  return lost()
end
for i = 2, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
return 1
