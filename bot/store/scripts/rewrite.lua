-- Put other bodies in the place of some of a transcript's entries. KEYS: a thread's, then the transcript.
-- ARGV: owner, then index and body of each.
if not held(ARGV[1]) then
  return lost()
end
for i = 2, #ARGV, 2 do
  redis.call('LSET', KEYS[12], ARGV[i], ARGV[i + 1])
end
return 1
