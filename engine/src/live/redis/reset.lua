-- Begins a refill. KEYS: what is shown, watermark. ARGV: what is expected to be shown, epoch, watermark, generation.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return redis.error_reply('SWAPPED other views are shown now') end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'e', ARGV[2], 'n', ARGV[3], 'g', ARGV[4], 'f', '1')
return 1
