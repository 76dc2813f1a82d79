-- A room and the watermark of its partition, of one instant.
-- KEYS: what is shown, watermark, hash, window, room set. ARGV: what is expected to be shown, epoch, id.
-- Answers nothing when the room is not held, else {next, {field, value, ...}, {entry, ...}}; EVICTED when it was held.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
local mark = redis.call('HMGET', KEYS[2], 'e', 'n', 'g', 'f', 'r')
if mark[1] ~= ARGV[2] then return false end
if redis.call('HGET', KEYS[3], 'g') == mark[3] then
  return {mark[2], redis.call('HGETALL', KEYS[3]), redis.call('LRANGE', KEYS[4], 0, -1)}
end
if mark[4] == '1' or not mark[5] then return false end
if redis.call('SISMEMBER', KEYS[5], ARGV[3]) == 1 or redis.call('EXISTS', KEYS[5]) == 0 then
  return redis.error_reply('EVICTED a room, or the list of rooms, is gone: Redis should not evict')
end
return false
