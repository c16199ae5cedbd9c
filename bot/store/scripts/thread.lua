-- Stands in front of every script that works on a thread. All keys are of that thread, so of one slot.
local lease_key, fence_key, thread_key, seen_key, waiting_key, context_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local messages_key, turn_key, points_key, tails_key, branches_key = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]

-- Microseconds since the epoch by Redis's clock: the workers' own don't matter. A double holds them exactly.
local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- Numbers are written out in full: Lua's own form of a large one is 1.7e+15.
local function whole(number)
  return string.format('%.0f', number)
end

-- `owner` is the text that the lease key holds while the caller's lease is alive: "token worker".
local function held(owner)
  return redis.call('GET', lease_key) == owner
end

local function lost()
  return redis.error_reply('LEASELOST the lease is not the caller\'s')
end

local function has_work()
  local state = redis.call('HGET', turn_key, 'state')
  if state then
    -- Messages that came behind a decision may decide it.
    return state ~= 'deferred' or redis.call('HGET', turn_key, 'spoken') == '1'
  end
  return redis.call('ZCARD', waiting_key) > 0 and redis.call('HEXISTS', thread_key, 'paused') == 0
end

-- Nothing is held back when nothing waits.
local function unpause_if_empty()
  if redis.call('ZCARD', waiting_key) == 0 then
    redis.call('HDEL', thread_key, 'paused')
  end
end

-- Whether the thread's entry in the work index, written at marked_us, is sure to be there still: a script that gives the
-- thread work asks first, and has it written again where it is not.
local function marked_in_time(marked_us, valid_us)
  local kept = redis.call('HMGET', thread_key, 'marked_us', 'settled_us')
  if now_us() - tonumber(marked_us) > tonumber(valid_us) or tonumber(marked_us) <= tonumber(kept[2] or '0') then
    return false
  end
  if tonumber(marked_us) > tonumber(kept[1] or '0') and redis.call('EXISTS', thread_key) == 1 then
    redis.call('HSET', thread_key, 'marked_us', marked_us)
  end
  return true
end

-- Everything of the thread that the script was given, but its lease and fence, lives for ttl_s from now; 0 is for ever.
local function stay(ttl_s)
  if tonumber(ttl_s) > 0 then
    for i = 3, #KEYS do
      redis.call('EXPIRE', KEYS[i], ttl_s)
    end
  end
end
