-- Takes one batch of a partition under its watermark, whole or not at all.
-- KEYS: what is shown, what holds writers, watermark, room set, then of each room: hash, window.
-- ARGV: what is expected to be shown, epoch, from, to; then of each room: id, head expected, window tail expected, head, messages, header, and three
--   lists, each led by its length: fields to set (field, value, ...), fields to delete, window entries.
-- Answers {'ok'} or {'at', next} or {'refill'}.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
if redis.call('EXISTS', KEYS[2]) == 1 then return redis.error_reply('HELD a rebuild holds writers for a moment') end
local mark = redis.call('HMGET', KEYS[3], 'e', 'n', 'g', 'f', 'r')
if mark[1] ~= ARGV[2] or mark[4] == '1' then return {'refill', false} end
if mark[2] ~= ARGV[3] then return {'at', mark[2]} end
local generation = mark[3]

local RECENT, WINDOW, CHUNK = 100, 1024, 1000
local rooms = {}
local at = 5
for key = 5, #KEYS, 2 do
  local room = {hash = KEYS[key], window = KEYS[key + 1], id = ARGV[at], head = ARGV[at + 3], messages = ARGV[at + 4],
    header = ARGV[at + 5], lists = {}}
  local expected, tail = ARGV[at + 1], ARGV[at + 2]
  at = at + 6
  for list = 1, 3 do
    local length = tonumber(ARGV[at])
    room.lists[list] = {at + 1, at + length}
    at = at + 1 + length
  end
  local found = redis.call('HMGET', room.hash, 'g', 's', 'c')
  if expected == '0' then
    -- It may be there and not yet exist (head 0: its creation was of unknown rules), or be left of an earlier filling.
    if found[1] == generation then
      if found[2] ~= '0' then return {'refill', false} end
    elseif mark[5] and (redis.call('SISMEMBER', KEYS[4], room.id) == 1 or redis.call('EXISTS', KEYS[4]) == 0) then
      -- It was here and was evicted, or nobody can tell.
      return {'refill', false}
    end
    redis.call('UNLINK', room.hash, room.window)
    room.known = 0
  else
    local last = redis.call('LINDEX', room.window, -1)
    if found[1] ~= generation or found[2] ~= expected or not last or string.sub(last, 1, 8) ~= tail then
      return {'refill', false}
    end
    room.known = tonumber(found[3])
  end
  rooms[#rooms + 1] = room
end

local function chunks(list, command, key)
  for first = list[1], list[2], CHUNK do
    redis.call(command, key, unpack(ARGV, first, math.min(first + CHUNK - 1, list[2])))
  end
end

for _, room in ipairs(rooms) do
  chunks(room.lists[1], 'HSET', room.hash)
  chunks(room.lists[2], 'HDEL', room.hash)
  chunks(room.lists[3], 'RPUSH', room.window)
  redis.call('LTRIM', room.window, -WINDOW, -1)
  redis.call('HSET', room.hash, 'g', generation, 's', room.head, 'c', room.messages, 'h', room.header)
  for ordinal = math.max(1, room.known - RECENT + 1), math.min(room.known, tonumber(room.messages) - RECENT) do
    redis.call('HDEL', room.hash, 'r' .. ordinal)
  end
  if room.known == 0 then
    redis.call('SADD', KEYS[4], room.id)
    redis.call('HSET', KEYS[3], 'r', '1')
  end
end
redis.call('HSET', KEYS[3], 'n', ARGV[4])
return {'ok', false}
