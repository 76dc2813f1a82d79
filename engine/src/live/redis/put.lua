-- Puts a part of one room under a watermark that is being refilled. A room too large for one call comes in parts; readers
-- see it with the last part, which brings the header.
-- KEYS: what is shown, watermark, room set, hash, window.
-- ARGV: what is expected to be shown, epoch, watermark expected, generation, id, 'first' or 'more'; then two lists, each led by its length: fields to set (field,
--   value, ...), window entries; then, with the last part alone: head, messages, header.
-- Answers {'ok'} or {'at', next} or {'refill'}.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
local mark = redis.call('HMGET', KEYS[2], 'e', 'n', 'g', 'f')
if mark[1] ~= ARGV[2] or mark[3] ~= ARGV[4] or mark[4] ~= '1' then return {'refill', false} end
if mark[2] ~= ARGV[3] then return {'at', mark[2]} end

local CHUNK = 1000
local at = 7
local function next_list(command, key)
  local length = tonumber(ARGV[at])
  for first = at + 1, at + length, CHUNK do
    redis.call(command, key, unpack(ARGV, first, math.min(first + CHUNK - 1, at + length)))
  end
  at = at + 1 + length
end

if ARGV[6] == 'first' then
  redis.call('UNLINK', KEYS[4], KEYS[5])
  redis.call('SADD', KEYS[3], ARGV[5])
  redis.call('HSET', KEYS[2], 'r', '1')
end
next_list('HSET', KEYS[4])
next_list('RPUSH', KEYS[5])
if ARGV[at] then
  redis.call('HSET', KEYS[4], 'g', mark[3], 's', ARGV[at], 'c', ARGV[at + 1], 'h', ARGV[at + 2])
end
return {'ok', false}
