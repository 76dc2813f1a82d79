-- A room and the watermark of its partition, of one instant.
-- KEYS: watermark, hash, window. ARGV: epoch.
-- Answers nothing when the room is not held, else {next, {field, value, ...}, {entry, ...}}.
local mark = redis.call('HMGET', KEYS[1], 'e', 'n', 'g')
if mark[1] ~= ARGV[1] or redis.call('HGET', KEYS[2], 'g') ~= mark[3] then return false end
return {mark[2], redis.call('HGETALL', KEYS[2]), redis.call('LRANGE', KEYS[3], 0, -1)}
