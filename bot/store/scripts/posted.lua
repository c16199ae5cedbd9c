-- Keep which message shows the decision. KEYS: a thread's, then decisions. ARGV: owner, decision_id, card_ts
local decisions_key = KEYS[12]
if not held(ARGV[1]) or redis.call('HGET', turn_key, 'decision') ~= ARGV[2] then
  return lost()
end
if redis.call('HGET', decisions_key, ARGV[2] .. ':card') ~= ARGV[3] then
  redis.call('HSET', decisions_key, ARGV[2] .. ':card', ARGV[3])
  redis.call('HSET', turn_key, 'cards', (redis.call('HGET', turn_key, 'cards') or '') .. ' ' .. ARGV[3])
end
return 1
