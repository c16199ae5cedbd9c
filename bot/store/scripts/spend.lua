-- One account. KEYS: the account. ARGV: reserve | release | settle | look, day, month, turn, run, amount, day's budget,
-- month's budget (both below 0: none), lasts_us, ttl_s. All money is in millionths of a dollar.
-- Returns {the period that is used up, spent before: day, month, reserved, spent after: day, month, reserved}.
local what, turn, run, amount = ARGV[1], ARGV[4], ARGV[5], tonumber(ARGV[6])
local budget = {day = tonumber(ARGV[7]), month = tonumber(ARGV[8])}
local lasts, ttl_s = tonumber(ARGV[9]), ARGV[10]
local SETTLED_US, COUNTED_US, SWEEP_US = 600 * 1000000, 86400 * 1000000, 60 * 1000000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function whole(number)
  return string.format('%.0f', number)
end

local mine = 'run:' .. turn
local names = {'day', 'day_spent', 'month', 'month_spent', 'reserved', 'sweep_us', mine}
local kept, values = {}, redis.call('HMGET', KEYS[1], unpack(names))
for i, name in ipairs(names) do
  kept[name] = values[i] or nil
end
-- Names of periods sort by time. One that has ended is not gone back to by a worker whose clock is behind.
local period = {day = ARGV[2], month = ARGV[3]}
local spent = {day = 0, month = 0}
for _, name in ipairs({'day', 'month'}) do
  if kept[name] and kept[name] >= period[name] then
    period[name] = kept[name]
    spent[name] = tonumber(kept[name .. '_spent'])
  end
end

local function add(cost)
  spent.day, spent.month = spent.day + cost, spent.month + cost
end

-- Of each turn: `held` (reserved), `counted` (reserved for too long, and counted as spent) or `settled`, with the run,
-- the amount, and until when it counts.
local function read(value)
  local state, of_run, of_amount, until_us = string.match(value or '', '^(%a+) (%S+) (%d+) (%d+)$')
  return state, of_run, tonumber(of_amount), tonumber(until_us)
end

-- All turns are looked at when one of them is over, and once a minute, since an older worker does not keep their sum.
local reserved, sweep_us = tonumber(kept.reserved or ''), tonumber(kept.sweep_us or '')

local function keep(of_turn, state, of_run, of_amount, until_us)
  sweep_us = math.min(sweep_us, until_us)
  redis.call('HSET', KEYS[1], 'run:' .. of_turn, table.concat({state, of_run, whole(of_amount), whole(until_us)}, ' '))
end

if not reserved or not sweep_us or sweep_us <= now then
  reserved, sweep_us = 0, now + SWEEP_US
  local flat = redis.call('HGETALL', KEYS[1])
  for i = 1, #flat, 2 do
    local field, of_turn = flat[i], string.match(flat[i], '^run:(.+)$')
    if of_turn then
      local state, of_run, of_amount, until_us = read(flat[i + 1])
      local over = until_us <= now
      if over and state == 'held' then
        add(of_amount)
        if what ~= 'look' then
          keep(of_turn, 'counted', of_run, of_amount, now + COUNTED_US)
          if field == mine then
            kept[mine] = table.concat({'counted', of_run, whole(of_amount), whole(now + COUNTED_US)}, ' ')
          end
        end
      elseif over and what ~= 'look' then
        redis.call('HDEL', KEYS[1], field)
        if field == mine then
          kept[mine] = nil
        end
      else
        sweep_us = math.min(sweep_us, until_us)
        if state == 'held' then
          reserved = reserved + of_amount
        end
      end
    end
  end
end

local before = {whole(spent.day), whole(spent.month), whole(reserved)}
local state, of_run, of_amount = read(kept[mine])
local used_up = ''

if what == 'reserve' and not (state == 'held' and of_run == run) then
  if state == 'held' then
    reserved = reserved - of_amount
    add(of_amount)
  end
  for _, name in ipairs({'month', 'day'}) do
    if budget[name] >= 0 and spent[name] + reserved >= budget[name] then
      used_up = name
    end
  end
  if used_up == '' then
    reserved = reserved + amount
    keep(turn, 'held', run, amount, now + lasts)
  elseif state == 'held' then
    redis.call('HDEL', KEYS[1], mine)
  end
elseif what == 'release' and state == 'held' and of_run == run then
  reserved = reserved - of_amount
  redis.call('HDEL', KEYS[1], mine)
elseif what == 'settle' and not (state == 'settled' and of_run == run) then
  if of_run == run and state == 'held' then
    reserved = reserved - of_amount
    add(amount)
  elseif of_run == run and state == 'counted' then
    add(math.max(0, amount - of_amount))
  else
    add(amount)
  end
  if of_run == run or state ~= 'held' then
    -- Those of one minute are over together, so that one look takes them all.
    keep(turn, 'settled', run, 0, math.ceil((now + SETTLED_US) / SWEEP_US) * SWEEP_US)
  end
end

if what ~= 'look' then
  redis.call('HSET', KEYS[1], 'v', '1', 'day', period.day, 'day_spent', whole(spent.day), 'month', period.month,
    'month_spent', whole(spent.month), 'reserved', whole(reserved), 'sweep_us', whole(sweep_us))
  redis.call('EXPIRE', KEYS[1], ttl_s)
end
return {used_up, before[1], before[2], before[3], whole(spent.day), whole(spent.month), whole(reserved)}
