import { FENCE, LEVEL, SEEN, WHOLE_ONLY } from './parts.ts'
import { script } from './script.ts'

/** How long, in ms, a writer that was overtaken has the next turn. Advisory: the comparison is what counts. */
export const TURN_LIFE = 200

/**
 * How long, in ms, after an operation was looked for it may be made: whoever stands still for longer may be overtaken by a
 * refusal that nobody remembers any more (REFUSAL_LIFE). The clocks are those of the primaries, which may be different ones for
 * look, refusal and change: so it is a small part of that, and one that is nine minutes behind the one before does no harm.
 */
export const LOOK_LIFE = 60_000

/**
 * Takes a batch of changes, all or none. Arguments: sequence and hash it stands on, who writes, the level, up to where
 * everything is known to be durable, whether this server alone makes it durable, then operation, hash, payload and the look
 * of each: the last refusal, and when it was; nothing for one that got its name for the call.
 */
export const COMMIT = script(
  'commit',
  `${SEEN}${WHOLE_ONLY}
local expected, hash, writer, level, confirmed, alone = unpack(ARGV, 1, 6)
${LEVEL}
local count = (#ARGV - 6) / 4
local operations = {}
for at = 1, count do operations[at] = ARGV[3 + at * 4] end
local known = redis.call('HMGET', OPS, unpack(operations))
local refusals = redis.call('ZMSCORE', REFUSALS, unpack(operations))
local settled = false
for at = 1, count do
  local refusal = refusals[at] and text(tonumber(refusals[at])) or ''
  local before, looked = string.match(ARGV[6 + at * 4], '^(%d*)@?(%d*)$')
  local isLate = looked ~= '' and math.abs(now() - tonumber(looked)) > ${LOOK_LIFE}
  if not known[at] then known[at] = refusal ~= before and 'refused' or isLate and 'late' or '' end
  if known[at] ~= '' then settled = true end
end
local overtaken = meta.sequence ~= expected or meta.hash ~= hash
if overtaken then
  redis.call('ZREMRANGEBYSCORE', TURNS, 0, now() - ${TURN_LIFE})
  redis.call('ZREMRANGEBYSCORE', TURNS, now() + ${TURN_LIFE}, '(+inf')
  redis.call('ZADD', TURNS, 'NX', now(), writer)
end
if overtaken or settled then return { 'overtaken', unpack(known) } end
local first = redis.call('ZRANGE', TURNS, now() - ${TURN_LIFE}, now() + ${TURN_LIFE}, 'BYSCORE', 'LIMIT', 0, 1)[1]
if first and first ~= writer then return { 'wait' } end
local sequence = tonumber(expected)
for at = 1, count do
  local operation, entryHash, payload = unpack(ARGV, 3 + at * 4, 5 + at * 4)
  sequence = sequence + 1
  redis.call('XADD', STREAM, text(sequence) .. '-0', 'o', operation, 'h', entryHash, 'p', payload)
  redis.call('HSET', OPS, operation, text(sequence))
  hash = entryHash
end
if alone == '1' then confirmed = text(sequence) end
if tonumber(confirmed) < tonumber(meta.durable) then confirmed = meta.durable end
redis.call('HSET', META, 'sequence', text(sequence), 'hash', hash, 'durable', confirmed)
if first then redis.call('ZREM', TURNS, writer) end
if alone == '1' then redis.call('PUBLISH', BELL, confirmed) end
return { 'done' }`,
)

/** A write that changes nothing, to wait for: when it has arrived everywhere, so has all before it. */
export const SETTLE = script(
  'settle',
  `${SEEN}${WHOLE_ONLY}
redis.call('HINCRBY', META, 'settled', 1)
return { 'done', meta.sequence, meta.hash }`,
)

/**
 * The same, to find out whether the replicas still follow this server. Without memory as well: what cannot be is refused
 * then too, and it takes none.
 */
export const PROVE = script(
  'prove',
  `${SEEN}
redis.call('HINCRBY', META, 'proven', 1)
return { 'done' }`,
  'allow-oom',
)

/** Says up to where everything is durable. Arguments: the sequence, the level. */
export const CONFIRM = script(
  'confirm',
  `${FENCE}
local confirmed, level = unpack(ARGV)
${LEVEL}
if tonumber(confirmed) <= tonumber(meta.durable) then return { 'done' } end
redis.call('HSET', META, 'durable', confirmed)
redis.call('PUBLISH', BELL, confirmed)
return { 'done' }`,
)
