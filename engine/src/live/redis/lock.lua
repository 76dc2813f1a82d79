-- The lock of rebuilds: taken when it is free or ours, and kept for a while. KEYS: lock. ARGV: token, beat, milliseconds.
-- Answers whoever has it, as `token beat`.
local found = redis.call('GET', KEYS[1])
if not found or string.sub(found, 1, #ARGV[1]) == ARGV[1] then
  found = ARGV[1] .. ' ' .. ARGV[2]
  redis.call('SET', KEYS[1], found, 'PX', ARGV[3])
end
return found
