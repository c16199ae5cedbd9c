-- Start the next turn or take up the one in flight. KEYS: a thread's, then decisions. ARGV: owner, token, turn_id, ttl_s
-- Returns {the turn's fields, the thread's fields, the tail of its transcript, the turn's decision: {asked, card, decided},
-- the messages behind it as a JSON list}, or nil when there is nothing to do.
local decisions_key = KEYS[12]
local token, turn_id, ttl_s = ARGV[2], ARGV[3], ARGV[4]
if not held(ARGV[1]) then
  return lost()
end

local function bodies(orders, taken)
  local found = {}
  for _, order in ipairs(orders) do
    local body = redis.call('HGET', messages_key, order)
    if body then
      found[#found + 1] = body
    end
    if taken then
      redis.call('HDEL', messages_key, order)
    end
  end
  return '[' .. table.concat(found, ',') .. ']'
end

local function taken_up(behind)
  stay(ttl_s)
  local id = redis.call('HGET', turn_key, 'decision')
  local decision = id and redis.call('HMGET', decisions_key, id, id .. ':card', id .. ':decided') or {}
  local tail = redis.call('HGET', tails_key, redis.call('HGET', thread_key, 'session_id')) or ''
  return {redis.call('HGETALL', turn_key), redis.call('HGETALL', thread_key), tail, decision, behind}
end

if redis.call('HEXISTS', thread_key, 'session_id') == 0 then
  -- Only an eviction leaves messages without their thread. They can't be answered; Slack still shows them.
  redis.call('DEL', waiting_key, context_key, messages_key, turn_key)
  return false
end
local flying = redis.call('HMGET', turn_key, 'state', 'id', 'token', 'spoken')
if flying[1] == 'deferred' then
  if flying[4] ~= '1' then
    return false
  end
  return taken_up(bodies(redis.call('ZRANGE', waiting_key, 0, -1), false))
elseif flying[1] then
  -- The same call repeated, after a lost answer, is no further attempt.
  if flying[2] ~= turn_id or flying[3] ~= token then
    redis.call('HINCRBY', turn_key, 'attempt', 1)
    redis.call('HSET', turn_key, 'token', token)
  end
else
  if not has_work() then
    return false
  end
  local waiting = redis.call('ZRANGE', waiting_key, 0, -1)
  -- Context that came after the newest prompt stays for the next one.
  local context = redis.call('ZRANGEBYLEX', context_key, '-', '(' .. waiting[#waiting])
  redis.call('DEL', turn_key)
  redis.call('HSET', turn_key, 'v', '1', 'id', turn_id, 'token', token, 'state', 'running', 'attempt', '1',
    'started_at_us', whole(now_us()), 'messages', bodies(waiting, true), 'context', bodies(context, true))
  redis.call('DEL', waiting_key)
  for _, order in ipairs(context) do
    redis.call('ZREM', context_key, order)
  end
end
return taken_up('[]')
