-- Ask the turn that runs to stop, and hold back what waits. ARGV: hold_back
-- Returns {the lease's owner, whether a turn was running, how many prompts are held back}.
local running = redis.call('HGET', turn_key, 'state') == 'running'
if running then
  redis.call('HSET', turn_key, 'stopped', '1')
end
local waiting = redis.call('ZCARD', waiting_key)
if ARGV[1] ~= '1' then
  waiting = 0
elseif waiting > 0 then
  redis.call('HSET', thread_key, 'paused', '1')
end
return {redis.call('GET', lease_key) or '', running and 1 or 0, waiting}
