-- A room and the watermark of its partition, of one instant.
-- KEYS: watermark, hash, window, room set. ARGV: epoch, id.
-- Answers nothing when the room is not held, else {next, {field, value, ...}, {entry, ...}}; EVICTED when it was held.
local mark = redis.call('HMGET', KEYS[1], 'e', 'n', 'g', 'f', 'r')
if mark[1] ~= ARGV[1] then return false end
if redis.call('HGET', KEYS[2], 'g') == mark[3] then
  return {mark[2], redis.call('HGETALL', KEYS[2]), redis.call('LRANGE', KEYS[3], 0, -1)}
end
if mark[4] == '1' or not mark[5] then return false end
if redis.call('SISMEMBER', KEYS[4], ARGV[2]) == 1 or redis.call('EXISTS', KEYS[4]) == 0 then
  return redis.error_reply('EVICTED a room, or the list of rooms, is gone: Redis should not evict')
end
return false
