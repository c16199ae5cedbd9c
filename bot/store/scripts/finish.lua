-- End the turn in flight, or let it wait for its decision. KEYS: a thread's, then decisions.
-- ARGV: owner, turn_id, deferred, cost_usd, duration_s, keep_head, ttl_s, max_people, extend_every_us, context_used (0: not
-- known), reply ts…
-- Returns {now in microseconds, session_id, owner, people as a JSON list, archived as a JSON list, whether the large keys'
-- lives are to be extended}.
local decisions_key = KEYS[12]
local turn_id, deferred, cost_usd, duration_s, keep_head = ARGV[2], ARGV[3] == '1', ARGV[4], ARGV[5], ARGV[6] == '1'
local ttl_s, max_people, extend_every_us, context_used = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
if not held(ARGV[1]) then
  return lost()
end
local now = now_us()

local function summary()
  local thread = redis.call('HMGET', thread_key, 'session_id', 'owner', 'people', 'archived', 'extended_at_us')
  local due = now - tonumber(thread[5] or '0') > extend_every_us
  return {whole(now), thread[1] or '', thread[2] or '', thread[3] or '[]', thread[4] or '[]', due and 1 or 0}
end

local turn = redis.call('HMGET', turn_key, 'id', 'decision', 'messages', 'parked', 'cards', 'context')
if turn[1] ~= turn_id then
  -- The same call repeated, after a lost answer, changes nothing.
  if redis.call('HGET', thread_key, 'last_turn') == turn_id then
    return summary()
  end
  return lost()
end
if deferred and turn[2] and turn[2] == turn[4] then
  return summary()
end

local function point(session_id, entry, kind, user, overheard)
  return cjson.encode({v = 1, session_id = session_id, entry = entry, kind = kind, turn = turn_id, user = user,
    overheard = overheard})
end

-- The messages of the prompt lead to where the session was before it.
local function lead_before(session_id, head_before)
  for _, message in ipairs(cjson.decode(turn[3])) do
    redis.call('HSETNX', points_key, message.ts, point(session_id, head_before, 'prompt', message.user))
  end
  for _, message in ipairs(cjson.decode(turn[6])) do
    redis.call('HSETNX', points_key, message.ts, point(session_id, head_before, 'prompt', message.user, true))
  end
end

redis.call('HINCRBYFLOAT', thread_key, 'cost_usd', cost_usd)
redis.call('HSET', thread_key, 'active_at_us', whole(now), 'worker', string.match(ARGV[1], '^%d+ (.*)$'))
if deferred then
  -- Somebody may have been quick: then it goes on. Messages that came in between may be meant for the decision.
  local decided = turn[2] and redis.call('HEXISTS', decisions_key, turn[2] .. ':decided') == 1
  redis.call('HSET', turn_key, 'state', decided and 'running' or 'deferred', 'parked', turn[2] or '', 'attempt', '0',
    'spoken', redis.call('ZCARD', waiting_key) > 0 and '1' or '0')
  redis.call('HINCRBYFLOAT', turn_key, 'spent_usd', cost_usd)
  redis.call('HINCRBYFLOAT', turn_key, 'spent_s', duration_s)
  redis.call('HDEL', turn_key, 'stopped')
  local waits_in = redis.call('HMGET', thread_key, 'session_id', 'head')
  lead_before(waits_in[1], waits_in[2] or '')
  stay(ttl_s)
  return summary()
end

local thread = redis.call('HMGET', thread_key, 'session_id', 'head', 'owner', 'people')
local session_id, head_before, owner = thread[1], thread[2] or '', thread[3]
local head = head_before
if not keep_head then
  head = redis.call('HGET', tails_key, session_id) or ''
end

local people, known = {}, {}
local function add(user)
  if not known[user] and #people < max_people then
    known[user] = true
    -- The owner stands first.
    table.insert(people, user == owner and 1 or #people + 1, user)
  end
end
for _, user in ipairs(cjson.decode(thread[4] or '[]')) do
  add(user)
end
for _, message in ipairs(cjson.decode(turn[3])) do
  add(message.user)
end
lead_before(session_id, head_before)
if tonumber(context_used) > 0 then
  redis.call('HSET', thread_key, 'context_used', context_used)
end
for i = 11, #ARGV do
  redis.call('HSET', points_key, ARGV[i], point(session_id, head, 'reply'))
end
for card in string.gmatch(turn[5] or '', '%S+') do
  redis.call('HSET', points_key, card, point(session_id, head, 'reply'))
end

redis.call('HINCRBY', thread_key, 'turns', 1)
redis.call('HSET', thread_key, 'head', head, 'people', cjson.encode(people), 'last_turn', turn_id)
redis.call('DEL', turn_key)
stay(ttl_s)
return summary()
