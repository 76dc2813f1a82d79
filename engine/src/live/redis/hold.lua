-- Holds writers of every partition, for a bounded time. KEYS: of each partition: what holds writers, watermark.
-- ARGV: token, milliseconds. Answers of each partition where it stands and its generation ('' where it has none).
local stands = {}
for key = 1, #KEYS, 2 do
  redis.call('SET', KEYS[key], ARGV[1], 'PX', ARGV[2])
  local mark = redis.call('HMGET', KEYS[key + 1], 'n', 'g')
  stands[#stands + 1] = (mark[1] or '') .. ' ' .. (mark[2] or '')
end
return stands
