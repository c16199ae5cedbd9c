-- Keep a decision with the turn in flight, which its run's end left waiting, or give a branch such a turn.
-- KEYS: a thread's, then decisions. ARGV: owner, turn_id, decision_id, asked, expires_us, progress, message (a JSON list
-- of it: a turn is made for a branch; empty: it is in flight), max_kept, ttl_s, marked_us, mark_valid_us
-- Returns the decision as it is kept: {asked, card, decided}; nil: mark again.
local decisions_key = KEYS[12]
local turn_id, id, message, max_kept, ttl_s = ARGV[2], ARGV[3], ARGV[7], tonumber(ARGV[8]), ARGV[9]
if not held(ARGV[1]) then
  return lost()
end

local function kept()
  return redis.call('HMGET', decisions_key, id, id .. ':card', id .. ':decided')
end

-- The same call repeated, after a lost answer, changes nothing.
if redis.call('HEXISTS', decisions_key, id) == 1 then
  return kept()
end
local flying = redis.call('HGET', turn_key, 'id')
if message == '' and flying ~= turn_id or message ~= '' and flying then
  return lost()
end
if message ~= '' then
  if not marked_in_time(ARGV[10], ARGV[11]) then
    return false
  end
  redis.call('HSET', turn_key, 'v', '1', 'id', turn_id, 'token', '', 'attempt', '0', 'started_at_us', whole(now_us()),
    'messages', message, 'context', '[]')
end

local ids = {}
for known in string.gmatch(redis.call('HGET', decisions_key, 'ids') or '', '%S+') do
  ids[#ids + 1] = known
end
ids[#ids + 1] = id
while #ids > max_kept do
  local old = table.remove(ids, 1)
  redis.call('HDEL', decisions_key, old, old .. ':card', old .. ':decided', old .. ':expires_us', old .. ':turn')
end
redis.call('HSET', decisions_key, 'v', '1', 'ids', table.concat(ids, ' '), id, ARGV[4], id .. ':expires_us', ARGV[5],
  id .. ':turn', turn_id)
redis.call('HSET', turn_key, 'state', 'answered', 'progress', ARGV[6], 'decision', id)
stay(ttl_s)
return kept()
