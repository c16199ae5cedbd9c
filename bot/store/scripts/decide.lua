-- Decide, once. KEYS: a thread's, then decisions. ARGV: decision_id, decided, expired (1: nobody did in time), rule to
-- keep or empty, max_rules, order of the message that decided or empty, marked_us, mark_valid_us, ttl_s
-- Returns {what became of it, asked, card, decided}: unknown, early, overdue, mark_again, before or done.
local decisions_key = KEYS[12]
local id, expired, rule, max_rules, order = ARGV[1], ARGV[3] == '1', ARGV[4], tonumber(ARGV[5]), ARGV[6]

local function answer(what)
  local decision = redis.call('HMGET', decisions_key, id, id .. ':card', id .. ':decided')
  return {what, decision[1] or '', decision[2] or '', decision[3] or ''}
end

local kept = redis.call('HMGET', decisions_key, id .. ':decided', id .. ':expires_us', id .. ':turn')
if kept[1] then
  return answer(kept[1] == ARGV[2] and 'done' or 'before')
end
if not kept[2] or redis.call('HGET', turn_key, 'decision') ~= id or redis.call('HGET', turn_key, 'id') ~= kept[3] then
  return answer('unknown')
end
local now = now_us()
if expired ~= (tonumber(kept[2]) <= now) then
  return answer(expired and 'early' or 'overdue')
end
if not marked_in_time(ARGV[7], ARGV[8]) then
  return answer('mark_again')
end

redis.call('HSET', decisions_key, id .. ':decided', ARGV[2])
if rule ~= '' then
  local rules, known = cjson.decode(redis.call('HGET', thread_key, 'rules') or '[]'), false
  for _, one in ipairs(rules) do
    known = known or one == rule
  end
  if not known then
    rules[#rules + 1] = rule
    while #rules > max_rules do
      table.remove(rules, 1)
    end
    redis.call('HSET', thread_key, 'rules', cjson.encode(rules))
  end
end
if order ~= '' then
  redis.call('ZREM', waiting_key, order)
  redis.call('HDEL', messages_key, order)
end
if redis.call('HGET', turn_key, 'state') == 'deferred' then
  redis.call('HSET', turn_key, 'state', 'running', 'attempt', '0')
end
redis.call('HSET', thread_key, 'active_at_us', whole(now))
stay(ARGV[9])
return answer('done')
