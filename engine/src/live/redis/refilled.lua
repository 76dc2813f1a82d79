-- Ends a refill. KEYS: what is shown, watermark. ARGV: what is expected to be shown, epoch, watermark expected, generation. Answers {'ok'} or {'at', next} or
-- {'refill'}.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
local mark = redis.call('HMGET', KEYS[2], 'e', 'n', 'g')
if mark[1] ~= ARGV[2] or mark[3] ~= ARGV[4] then return {'refill', false} end
if mark[2] ~= ARGV[3] then return {'at', mark[2]} end
redis.call('HDEL', KEYS[2], 'f')
return {'ok', false}
