-- The clock of presence: milliseconds of the signals' append time that count (see `live/presence.rs`).
-- KEYS: clock. ARGV: ms after which a claim is forgotten, then append times in ms.
-- Answers the clock at each of them.
local kept = redis.call('HMGET', KEYS[1], 'last', 'now')
local last, now = tonumber(kept[1]), tonumber(kept[2]) or 0
local answer = {}
for i = 2, #ARGV do
  local at = tonumber(ARGV[i])
  last = last or at
  if at < last then
    answer[#answer + 1] = now - (last - at)
  else
    if at - last <= math.floor(tonumber(ARGV[1]) / 2) then now = now + at - last end
    last = at
    answer[#answer + 1] = now
  end
end
if last then redis.call('HSET', KEYS[1], 'last', string.format('%.0f', last), 'now', string.format('%.0f', now)) end
return answer
