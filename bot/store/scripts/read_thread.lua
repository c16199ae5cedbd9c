-- A thread as it is now. ARGV: none. Returns {fields, the turn's state, how many prompts wait, now in microseconds,
-- whether the current session has a transcript}.
local session_id = redis.call('HGET', thread_key, 'session_id') or ''
return {redis.call('HGETALL', thread_key), redis.call('HGET', turn_key, 'state') or '', redis.call('ZCARD', waiting_key),
  whole(now_us()), redis.call('HEXISTS', tails_key, session_id)}
