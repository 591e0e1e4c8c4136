import { WHOLE } from './parts.ts'
import { script } from './script.ts'

/** How long, in ms, what a controller claims to have acknowledged keeps others from arming a shorter log. */
const CLAIM_LIFE = 10_000

/** Says what a controller has acknowledged. Arguments: who, sequence. Of no use to a server that is armed. */
export const CLAIM = script(
  'claim',
  `if meta.armed == runId() then return { 'done' } end
redis.call('HSET', CLAIMS, ARGV[1], ARGV[2] .. ':' .. text(now()))
return { 'done' }`,
)

/**
 * Arms this server: from now on it takes changes. Arguments: the run id, sequence and hash that were looked at, the level.
 * Refused when it is another by now, when its controllers keep to another level, or when one claims to have acknowledged
 * more than there is. No log is begun where a controller listens that has read one there: somebody took it away. A user with a
 * right of before cannot ask who listens to just this channel, and counts those too who listen to any (PSUBSCRIBE). One that a release armed which wrote down no level is of the first who asks. Every key is made, and
 * never empty: while a slot of a Cluster is announced to move, a script goes only where all of its keys are.
 */
export const ARM = script(
  'arm',
  `${WHOLE}
local run = runId()
local expectedRun, sequence, hash, level = unpack(ARGV)
if run ~= expectedRun then return { 'moved' } end
if meta.level ~= '' and meta.level ~= level then return { 'level', meta.level } end
if meta.armed == run then
  redis.call('HSET', META, 'level', level)
  return { 'done', meta.term }
end
if meta.sequence ~= sequence or meta.hash ~= hash then return { 'moved' } end
local harm
if meta.sequence ~= '' then
  harm = broken()
elseif redis.call('XLEN', STREAM) + redis.call('HLEN', OPS) > 0 then
  harm = 'it does not say where it ends'
end
if harm then return { 'damaged', harm } end
local claims = redis.call('HGETALL', CLAIMS)
for at = 1, #claims, 2 do
  local claimed, when = string.match(claims[at + 1], '^(%d+):(%d+)$')
  -- One from the future was made by a clock that was wrong.
  local counts = claimed and math.abs(tonumber(when) - now()) < ${CLAIM_LIFE}
  if counts and tonumber(claimed) > tonumber(sequence == '' and '0' or sequence) then return { 'behind', claimed } end
  if not counts and claims[at] ~= '' then redis.call('HDEL', CLAIMS, claims[at]) end
end
if meta.sequence == '' then
  local canCount = redis.acl_check_cmd('PUBSUB', 'NUMSUB', BELL)
  local listeners = canCount and redis.call('PUBSUB', 'NUMSUB', BELL)[2] or redis.call('PUBLISH', BELL, '0')
  if listeners > 0 then return { 'attached' } end
  local zeros = string.rep('0', 64)
  redis.call('HSET', META, 'sequence', '0', 'hash', zeros, 'durable', '0', 'baseSequence', '0', 'baseHash', zeros)
  redis.call('XADD', STREAM, '0-1', 'o', '', 'h', zeros, 'p', '')
  redis.call('HSET', OPS, '', '0')
  redis.call('ZADD', TURNS, '+inf', '')
  redis.call('HSET', SNAPSHOTS, '', '')
end
redis.call('HSET', CLAIMS, '', '')
redis.call('HSET', LEASES, '', '')
redis.call('ZADD', REFUSALS, '+inf', '')
redis.call('HSET', META, 'level', level, 'armed', run, 'term', text(tonumber(meta.term == '' and '0' or meta.term) + 1))
return { 'done', text(tonumber(meta.term == '' and '0' or meta.term) + 1) }`,
)

/** Puts back, on a server that is not armed, what it lost. Arguments: run id, sequence and hash it ends with, the rows. */
export const REPLAY = script(
  'replay',
  `local expectedRun, sequence, hash = unpack(ARGV, 1, 3)
if runId() ~= expectedRun or meta.armed == expectedRun or meta.sequence ~= sequence or meta.hash ~= hash then
  return { 'moved' }
end
sequence = tonumber(sequence)
for at = 4, #ARGV, 3 do
  local operation, entryHash, payload = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  sequence = sequence + 1
  redis.call('XADD', STREAM, text(sequence) .. '-0', 'o', operation, 'h', entryHash, 'p', payload)
  redis.call('HSET', OPS, operation, text(sequence))
  hash = entryHash
end
redis.call('HSET', META, 'sequence', text(sequence), 'hash', hash)
return { 'done' }`,
)
