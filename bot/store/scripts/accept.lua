-- Keep a message once. ARGV: ts, order (the ts padded, so that it sorts as text), body, address, session_id, title, user,
-- delivery (this call's own id), marked_us (when the work index was written; 0: it was not), ttl_s, max_waiting,
-- mark_valid_us, seen_age_us, seen_count
local ts, order, body, address, session_id, title, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local delivery, marked_us, ttl_s, max_waiting = ARGV[8], tonumber(ARGV[9]), ARGV[10], tonumber(ARGV[11])
local mark_valid_us, seen_age_us, seen_count = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])

local now = now_us()
if marked_us > 0 and now - marked_us > mark_valid_us then
  return {'mark_again'}
end

local function receipt(taken, new_thread)
  local holder, prefers = redis.call('GET', lease_key) or '', redis.call('HGET', thread_key, 'worker') or ''
  return {taken, holder, redis.call('EXISTS', turn_key), new_thread, prefers}
end

-- A repeat of the very same call, after a lost answer, gets the same answer.
local last = redis.call('HMGET', thread_key, 'delivery', 'delivery_taken', 'delivery_new')
if last[1] == delivery then
  return receipt(last[2], tonumber(last[3]))
end
if redis.call('ZSCORE', seen_key, ts) then
  return receipt('duplicate', 0)
end

local thread = redis.call('HMGET', thread_key, 'session_id', 'mentions_only', 'title')
local has_session = thread[1] and thread[1] ~= ''
local taken
if address == 'bot' then
  taken = 'prompt'
elseif not has_session then
  return receipt('not_for_us', 0)
elseif address == 'open' and thread[2] ~= '1' then
  taken = 'prompt'
else
  taken = 'context'
end
if taken == 'prompt' and redis.call('ZCARD', waiting_key) >= max_waiting then
  return receipt('full', 0)
end

local new_thread = 0
if not has_session then
  new_thread = 1
  redis.call('HSET', thread_key, 'v', '1', 'session_id', session_id, 'owner', user, 'created_at_us', whole(now),
    'active_at_us', whole(now))
end
redis.call('ZADD', seen_key, whole(now), ts)
redis.call('ZREMRANGEBYSCORE', seen_key, '-inf', whole(now - seen_age_us))
redis.call('ZREMRANGEBYRANK', seen_key, 0, -(seen_count + 1))
redis.call('HSET', messages_key, order, body)
if taken == 'prompt' then
  redis.call('ZADD', waiting_key, 0, order)
  redis.call('HDEL', thread_key, 'paused') -- somebody writes on: what was held back goes along
  redis.call('HSET', thread_key, 'active_at_us', whole(now))
  if not thread[3] or thread[3] == '' then
    redis.call('HSET', thread_key, 'title', title)
  end
else
  redis.call('ZADD', context_key, 0, order)
  while redis.call('ZCARD', context_key) > max_waiting do
    local oldest = redis.call('ZRANGE', context_key, 0, 0)[1]
    redis.call('ZREM', context_key, oldest)
    redis.call('HDEL', messages_key, oldest)
  end
end
redis.call('HSET', thread_key, 'delivery', delivery, 'delivery_taken', taken, 'delivery_new', new_thread)
stay(ttl_s)
return receipt(taken, new_thread)
