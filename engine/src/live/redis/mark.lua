-- The watermark. KEYS: what is shown, watermark. ARGV: what is expected to be shown.
-- Answers {epoch, next, whether it is being filled}.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
return redis.call('HMGET', KEYS[2], 'e', 'n', 'f')
