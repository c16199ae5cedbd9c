-- Give the lease back. ARGV: owner, even_with_work. Returns {given back, no work, now in microseconds}.
if not held(ARGV[1]) then
  return lost()
end
local work = has_work()
if work and ARGV[2] ~= '1' then
  return {0, 0, whole(now_us())}
end
redis.call('DEL', lease_key)
return {1, work and 0 or 1, whole(now_us())}
