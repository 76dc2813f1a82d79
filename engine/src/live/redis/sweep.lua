-- Throws away some of the rooms of a partition that is being refilled.
-- KEYS: watermark, room set. ARGV: generation of the refill, most rooms, prefix of a room's keys.
-- Answers how many were thrown away, or -1 when another refill has begun.
if redis.call('HGET', KEYS[1], 'g') ~= ARGV[1] then return -1 end
local ids = redis.call('SPOP', KEYS[2], ARGV[2])
for _, id in ipairs(ids) do
  redis.call('UNLINK', ARGV[3] .. id, ARGV[3] .. id .. ':window')
end
return #ids
