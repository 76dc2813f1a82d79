-- Shows other views, of all partitions or of none. KEYS: the rebuild's notes, then of each partition: what is shown, what
-- holds writers, the watermark of the views that are shown.
-- ARGV: token, views shown, views to show, then of each partition where it stood when it was held (as hold.lua says).
-- Answers 1, or 0 when writers were not held all the time or something else was shown.
for key = 2, #KEYS, 3 do
  local mark = redis.call('HMGET', KEYS[key + 2], 'n', 'g')
  local stand = (mark[1] or '') .. ' ' .. (mark[2] or '')
  if redis.call('GET', KEYS[key + 1]) ~= ARGV[1] or (redis.call('GET', KEYS[key]) or '') ~= ARGV[2]
    or stand ~= ARGV[4 + (key - 2) / 3] then return 0 end
end
for key = 2, #KEYS, 3 do
  if ARGV[3] == '' then redis.call('DEL', KEYS[key]) else redis.call('SET', KEYS[key], ARGV[3]) end
  redis.call('DEL', KEYS[key + 1])
end
redis.call('HDEL', KEYS[1], 'next', 'epoch', 'version')
redis.call('HSET', KEYS[1], 'old', ARGV[2])
return 1
