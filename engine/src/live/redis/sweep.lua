-- Throws away some of the rooms of a partition that is being refilled.
-- KEYS: what is shown, watermark, room set. ARGV: what is expected to be shown, generation of the refill, most rooms, prefix of a room's keys.
-- Answers how many were thrown away, or -1 when another refill has begun.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
if redis.call('HGET', KEYS[2], 'g') ~= ARGV[2] then return -1 end
local ids = redis.call('SPOP', KEYS[3], ARGV[3])
for _, id in ipairs(ids) do
  redis.call('UNLINK', ARGV[4] .. id, ARGV[4] .. id .. ':window')
end
return #ids
