-- Lets writers go that this token holds. KEYS: what holds writers, of each partition. ARGV: token.
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 1
