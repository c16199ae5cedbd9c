-- Keep a message once. ARGV: ts, order (the ts padded, so that it sorts as text), body, address, session_id, title, user,
-- delivery (this call's own id), marked_us (when the work index was written; 0: it was not), ttl_s, max_waiting,
-- mark_valid_us, seen_age_us, seen_count, extend_every_us, counted (1: it may become a prompt)
-- Returns {what became of it, the lease, the state of the turn in flight, whether the thread has this session, the last
-- worker, now in microseconds, whether the large keys' lives are to be extended}, or {'mark_again', the time to use}.
local ts, order, body, address, session_id, title, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local delivery, marked_us, ttl_s, max_waiting = ARGV[8], tonumber(ARGV[9]), ARGV[10], tonumber(ARGV[11])
local mark_valid_us, seen_age_us, seen_count = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local extend_every_us, counted = tonumber(ARGV[15]), ARGV[16] == '1'

local now = now_us()
local thread = redis.call('HMGET', thread_key, 'session_id', 'mentions_only', 'title', 'worker', 'extended_at_us',
  'marked_us', 'settled_us', 'delivery', 'delivery_taken')
local known_session, mentions_only, known_title, worker, extended_at_us = unpack(thread, 1, 5)
local marked_before_us, settled_us = tonumber(thread[6] or '0'), tonumber(thread[7] or '0')
-- What was written into the index before it was last settled may be gone from there.
if marked_us > 0 and (now - marked_us > mark_valid_us or marked_us <= settled_us) then
  return {'mark_again', whole(math.max(now, settled_us + 1))}
end

local has_session = known_session and known_session ~= ''
local function receipt(taken)
  local session = has_session and known_session or taken == 'prompt' and session_id
  local due = has_session and now - tonumber(extended_at_us or '0') > extend_every_us
  return {taken, redis.call('GET', lease_key) or '', redis.call('HGET', turn_key, 'state') or '', session == session_id and 1 or 0,
    worker or '', whole(now), due and 1 or 0}
end

-- A repeat of the very same call, after a lost answer, gets the same answer.
if thread[8] == delivery then
  return receipt(thread[9])
end
if redis.call('ZSCORE', seen_key, ts) then
  return receipt('duplicate')
end

local taken
if address == 'bot' then
  taken = 'prompt'
elseif not has_session then
  return receipt('not_for_us')
elseif address == 'open' and mentions_only ~= '1' then
  taken = 'prompt'
else
  taken = 'context'
end
if taken == 'prompt' and redis.call('ZCARD', waiting_key) >= max_waiting then
  return receipt('full')
end
if taken == 'prompt' and not counted then
  return receipt('refused')
end

if not has_session then
  redis.call('HSET', thread_key, 'v', '1', 'session_id', session_id, 'owner', user, 'created_at_us', whole(now),
    'extended_at_us', whole(now))
end
redis.call('ZADD', seen_key, whole(now), ts)
redis.call('ZREMRANGEBYSCORE', seen_key, '-inf', whole(now - seen_age_us))
redis.call('ZREMRANGEBYRANK', seen_key, 0, -(seen_count + 1))
redis.call('HSET', messages_key, order, body)
if taken == 'prompt' then
  redis.call('ZADD', waiting_key, 0, order)
  redis.call('HDEL', thread_key, 'paused') -- somebody writes on: what was held back goes along
  redis.call('HSET', thread_key, 'active_at_us', whole(now))
  if redis.call('HGET', turn_key, 'state') == 'deferred' then
    redis.call('HSET', turn_key, 'spoken', '1')
  end
  if not known_title or known_title == '' then
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
redis.call('HSET', thread_key, 'delivery', delivery, 'delivery_taken', taken,
  'marked_us', whole(math.max(marked_us, marked_before_us)))
stay(ttl_s)
return receipt(taken)
