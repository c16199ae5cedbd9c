-- Hold nothing back any more. ARGV: marked_us (when the work index was written), mark_valid_us
-- Returns {how many prompts were held back, the lease's owner, the worker of the last turn}, or nil: mark again.
if not marked_in_time(ARGV[1], ARGV[2]) then
  return false
end
local count = 0
if redis.call('HDEL', thread_key, 'paused') == 1 then
  count = redis.call('ZCARD', waiting_key)
end
return {count, redis.call('GET', lease_key) or '', redis.call('HGET', thread_key, 'worker') or ''}
