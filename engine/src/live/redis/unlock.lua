-- Gives the lock of rebuilds back. KEYS: lock. ARGV: token.
local found = redis.call('GET', KEYS[1])
if found and string.sub(found, 1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
