-- Notes what one edge said of one room. KEYS: the room's presence hash.
-- ARGV: edge, claim (its time by the clock, then '|', then the rest) or '' to take it back, its time by the clock,
--   ms after which a claim is forgotten, seconds after which a hash that nobody writes to is thrown away.
local function time(claim) return tonumber(string.match(claim, '^(%-?%d+)|')) end

local now = tonumber(ARGV[3])
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local at = time(fields[i + 1])
  if fields[i] == ARGV[1] and at > now then return 0 end
  if now - at >= tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], fields[i]) end
end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end
return 1
