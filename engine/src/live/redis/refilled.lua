-- Ends a refill. KEYS: watermark. ARGV: epoch, watermark expected, generation. Answers {'ok'} or {'at', next} or
-- {'refill'}.
local mark = redis.call('HMGET', KEYS[1], 'e', 'n', 'g')
if mark[1] ~= ARGV[1] or mark[3] ~= ARGV[3] then return {'refill', false} end
if mark[2] ~= ARGV[2] then return {'at', mark[2]} end
redis.call('HDEL', KEYS[1], 'f')
return {'ok', false}
