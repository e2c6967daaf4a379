#!lua flags=allow-oom
-- One commit of a stage: everything or nothing, on disk before the answer (appendfsync always).
-- Every check stands before the first write, since a script that fails half-way is not rolled back. The writes of a
-- script reach the append-only file as one MULTI, so a crash keeps all of them or none.
-- Allowed beyond the server's limit of memory: what is read and committed is what can be trimmed.
--
-- KEYS: 1 lease, 2 offset, 3 state, 4 live, 5.. output streams
-- ARGV: 1 "owner/epoch", 2 offset, 3 frame channel, 4 frame ("" sends none),
--       5 number of outputs, then per output: index of its key, id, body,
--       then the number of state rows, then per row: field, "1" or "0" (delete), bytes; then the same of live rows.
-- Answer: "ok", "lease", or "repeat" with the stream's key and the id.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'lease'}
end

local function key_of(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function newest(stream)
  if redis.call('EXISTS', stream) == 0 then
    return '0-0'
  end
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return info[i + 1]
    end
  end
end

local last = {}
local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local stream, id = KEYS[tonumber(ARGV[at])], ARGV[at + 1]
  local ms, seq = key_of(id)
  local top_ms, top_seq = key_of(last[stream] or newest(stream))
  if ms < top_ms or (ms == top_ms and seq <= top_seq) then
    return {'repeat', stream, id}
  end
  last[stream] = id
  at = at + 3
end

at = 6
for _ = 1, tonumber(ARGV[5]) do
  redis.call('XADD', KEYS[tonumber(ARGV[at])], ARGV[at + 1], 'b', ARGV[at + 2])
  at = at + 3
end

for hash = 3, 4 do
  local rows = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, rows do
    if ARGV[at + 1] == '1' then
      redis.call('HSET', KEYS[hash], ARGV[at], ARGV[at + 2])
    else
      redis.call('HDEL', KEYS[hash], ARGV[at])
    end
    at = at + 3
  end
end

redis.call('SET', KEYS[2], ARGV[2])
if ARGV[4] ~= '' then
  redis.call('PUBLISH', ARGV[3], ARGV[4])
end
return {'ok'}
