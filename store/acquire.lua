#!lua flags=allow-oom
-- Take or renew a lease. KEYS: 1 lease, 2 epoch counter. ARGV: 1 owner, 2 time to live in ms.
-- Answer: the epoch, or 0 while another owner holds the lease. A lease is "owner/epoch".
local held = redis.call('GET', KEYS[1])
local epoch
if held then
  local owner
  owner, epoch = string.match(held, '^(.*)/(%d+)$')
  if owner ~= ARGV[1] then
    return 0
  end
else
  epoch = redis.call('INCR', KEYS[2])
end
redis.call('SET', KEYS[1], ARGV[1] .. '/' .. epoch, 'PX', ARGV[2])
return tonumber(epoch)
