import { SEEN } from './parts.ts'
import { script } from './script.ts'

/** How long, in ms, it is kept that an operation was refused: ten times as long as a change may be on its way (LOOK_LIFE). */
const REFUSAL_LIFE = 600_000

/** So many are kept whatever their time says: a clock that jumps ahead makes all of them old. */
const REFUSALS_AT_LEAST = 10_000

/** So many refusals are kept, some megabytes, also when the server has no memory left for anything else. */
const REFUSALS_WITHOUT_MEMORY = 50_000

/**
 * Refuses an operation that was not done: no change of it that is on its way is made any more. Argument: the operation.
 * Answers where it stands if it was done. Without memory as well, within bounds: whoever asks for what cannot be is told so
 * then too, and not to try again (https://redis.io/docs/latest/develop/programmability/lua-api/, flags).
 */
export const REFUSE = script(
  'refuse',
  `${SEEN}
local known = redis.call('HGET', OPS, ARGV[1])
if known then return { 'known', known } end
local earlier = redis.call('ZSCORE', REFUSALS, ARGV[1])
local old = redis.call('ZCOUNT', REFUSALS, 0, now() - ${REFUSAL_LIFE})
old = math.min(old, redis.call('ZCARD', REFUSALS) - ${REFUSALS_AT_LEAST})
if old > 0 then redis.call('ZREMRANGEBYRANK', REFUSALS, 0, old - 1) end
if redis.call('ZCARD', REFUSALS) >= ${REFUSALS_WITHOUT_MEMORY} then
  local info = redis.call('INFO', 'memory')
  local used, most = string.match(info, 'used_memory:(%d+)'), string.match(info, 'maxmemory:(%d+)')
  if tonumber(most) > 0 and tonumber(used) > tonumber(most) then return redis.error_reply('OOM too many refusals') end
end
redis.call('ZADD', REFUSALS, text(math.max(now(), (tonumber(earlier) or 0) + 1)), ARGV[1])
return { 'done' }`,
  'allow-oom',
)
