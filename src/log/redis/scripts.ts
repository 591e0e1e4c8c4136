import { createHash } from 'node:crypto'

/** Lua for the server. The keys of all are those of keys.ts, in the same order. */
export interface Script {
  readonly name: string
  readonly lua: string
}

/** How long, in ms, a writer that was overtaken has the next turn. Advisory: the comparison is what counts. */
export const TURN_LIFE = 200
/** How long, in ms, what a controller claims to have acknowledged keeps others from arming a shorter log. */
const CLAIM_LIFE = 10_000

/** How long, in ms, it is kept that an operation was refused: no change is on its way for longer. */
const REFUSAL_LIFE = 600_000

/** The parts that every script begins with. Numbers travel as texts: Lua would print a large one with an exponent. */
const PRELUDE = `
local META, STREAM, OPS, TURNS, SNAPSHOTS, CLAIMS, LEASES, REFUSALS = unpack(KEYS)
-- A channel and no key: of the keys none may be missing while a slot is moved.
local BELL = string.gsub(META, 'meta$', 'bell')
local function text(number) return string.format('%.0f', number) end
local function runId() return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local meta = {}
do
  local names = { 'armed', 'term', 'sequence', 'hash', 'durable', 'baseSequence', 'baseHash' }
  local values = redis.call('HMGET', META, unpack(names))
  for at, name in ipairs(names) do meta[name] = values[at] or '' end
end
`

/** Only a server that was armed takes changes: one that took the place of another, or lost its memory, was not. */
const FENCE = `
local run = runId()
if meta.armed ~= run then return { 'fenced', run, meta.armed } end
`

/**
 * What is said of a log is believed only while its entries and operations are there: what deletes or alters them from outside
 * would else be built upon. Costs the same however long the log is. Each key has a first member that means nothing (ARM).
 */
const WHOLE = `
local function broken()
  local sequence, base, durable = tonumber(meta.sequence), tonumber(meta.baseSequence), tonumber(meta.durable)
  local numbers = meta.sequence .. ' ' .. meta.baseSequence .. ' ' .. meta.durable
  if not string.match(numbers, '^%d+ %d+ %d+$') or base > sequence or durable > sequence then
    return 'it does not say where it ends'
  end
  local last = redis.call('XREVRANGE', STREAM, '+', '-', 'COUNT', 1)[1]
  local id, hash = meta.baseSequence .. '-0', meta.baseHash
  if last and last[1] ~= '0-1' then id, hash = last[1], last[2][4] end
  if id ~= meta.sequence .. '-0' or hash ~= meta.hash then return 'its last entry is not the one that it names' end
  local there = redis.call('XLEN', STREAM) - #redis.call('XRANGE', STREAM, '0-1', '0-1')
  if there ~= sequence - base then return 'entries are missing' end
  if redis.call('HLEN', OPS) - redis.call('HEXISTS', OPS, '') ~= there then return 'the list of its operations is another' end
end
`

const WHOLE_ONLY = `${WHOLE}
local harm = broken()
if harm then return { 'damaged', harm } end
`

/**
 * Takes a batch of changes, all or none. Arguments: sequence and hash it stands on, who writes, up to where everything is
 * known to be durable, whether this server alone makes it durable, then operation, hash, payload and the last refusal that
 * is known of each.
 */
export const COMMIT = script(
  'commit',
  `${FENCE}${WHOLE_ONLY}
local expected, hash, writer, confirmed, alone = unpack(ARGV, 1, 5)
local count = (#ARGV - 5) / 4
local operations = {}
for at = 1, count do operations[at] = ARGV[2 + at * 4] end
local known = redis.call('HMGET', OPS, unpack(operations))
local refusals = redis.call('ZMSCORE', REFUSALS, unpack(operations))
local settled = false
for at = 1, count do
  local refusal = refusals[at] and text(tonumber(refusals[at])) or ''
  if not known[at] then known[at] = refusal == ARGV[5 + at * 4] and '' or 'refused' end
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
  local operation, entryHash, payload = unpack(ARGV, 2 + at * 4, 4 + at * 4)
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
  `${FENCE}
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

/** A write that changes nothing, to wait for: when it has arrived everywhere, so has all before it. */
export const SETTLE = script(
  'settle',
  `${FENCE}${WHOLE_ONLY}
redis.call('HINCRBY', META, 'settled', 1)
return { 'done', meta.sequence, meta.hash }`,
)

/**
 * The same, to find out whether the replicas still follow this server. Without memory as well: what cannot be is refused
 * then too, and it takes none.
 */
export const PROVE = script(
  'prove',
  `${FENCE}
redis.call('HINCRBY', META, 'proven', 1)
return { 'done' }`,
  'allow-oom',
)

/** Says up to where everything is durable. Argument: the sequence. */
export const CONFIRM = script(
  'confirm',
  `${FENCE}
local confirmed = ARGV[1]
if tonumber(confirmed) <= tonumber(meta.durable) then return { 'done' } end
redis.call('HSET', META, 'durable', confirmed)
redis.call('PUBLISH', BELL, confirmed)
return { 'done' }`,
)

/** Says, to a server that is not armed, what a controller has acknowledged. Arguments: who, sequence. */
export const CLAIM = script(
  'claim',
  `redis.call('HSET', CLAIMS, ARGV[1], ARGV[2] .. ':' .. text(now()))
return { 'done' }`,
)

/**
 * Arms this server: from now on it takes changes. Arguments: the run id, sequence and hash that were looked at. Refused
 * when it is another by now, or when a controller claims to have acknowledged more than there is. Every key is made, and
 * never empty: while a slot of a Cluster is announced to move, a script goes only where all of its keys are.
 */
export const ARM = script(
  'arm',
  `${WHOLE}
local run = runId()
local expectedRun, sequence, hash = unpack(ARGV)
if run ~= expectedRun then return { 'moved' } end
if meta.armed == run then return { 'done', meta.term } end
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
redis.call('HSET', META, 'armed', run, 'term', text(tonumber(meta.term == '' and '0' or meta.term) + 1))
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

/** Sequences of the snapshots that are whole and can be of this log, the oldest first: others say nothing. */
const SNAPSHOTS_THERE = `
local function isWhole(sequence, header)
  if not string.match(sequence, '^%d+$') or tonumber(sequence) > tonumber(meta.sequence) then return false end
  local parts = tonumber(string.match(header, '"parts":(%d+)}$') or '')
  for part = 0, (parts or 0) - 1 do
    if redis.call('HEXISTS', SNAPSHOTS, sequence .. ':' .. text(part)) == 0 then return false end
  end
  return parts ~= nil
end
local kept = {}
for _, field in ipairs(redis.call('HKEYS', SNAPSHOTS)) do
  local isHeader = string.match(field, '^%d+$')
  if isHeader and isWhole(field, redis.call('HGET', SNAPSHOTS, field)) then table.insert(kept, tonumber(field)) end
end
table.sort(kept)
`

/** Makes a snapshot whose parts are there one, and drops older ones than the one before. Arguments: sequence, header, parts. */
export const KEEP = script(
  'keep',
  `${FENCE}${SNAPSHOTS_THERE}
local sequence, hash, header, parts = unpack(ARGV)
local own = ''
if sequence == meta.baseSequence then
  own = meta.baseHash
else
  local row = redis.call('XRANGE', STREAM, sequence .. '-0', sequence .. '-0')[1]
  if row then own = row[2][4] end
end
if own ~= hash then return { 'astray' } end
local newest = kept[#kept] or 0
if newest >= tonumber(sequence) then return { 'older', text(newest) } end
for part = 0, tonumber(parts) - 1 do
  if redis.call('HEXISTS', SNAPSHOTS, sequence .. ':' .. text(part)) == 0 then return { 'incomplete' } end
end
redis.call('HSET', SNAPSHOTS, sequence, header)
local stay = { [sequence] = true, [text(newest)] = true }
for _, field in ipairs(redis.call('HKEYS', SNAPSHOTS)) do
  local owner = string.match(field, '^%d+')
  if owner and not stay[owner] then redis.call('HDEL', SNAPSHOTS, field) end
end
return { 'done' }`,
)

/** Drops some of the oldest entries and their operations. Arguments: up to where, how many at most. */
export const COMPACT = script(
  'compact',
  `${FENCE}${WHOLE_ONLY}${SNAPSHOTS_THERE}
local limit = math.min(tonumber(ARGV[1]), kept[1] or 0)
local base = tonumber(meta.baseSequence)
if limit <= base then return { 'done', meta.baseSequence, meta.baseHash, '0' } end
local rows = redis.call('XRANGE', STREAM, text(base + 1) .. '-0', text(limit) .. '-0', 'COUNT', ARGV[2])
local last, hash = base, meta.baseHash
for _, row in ipairs(rows) do
  last, hash = tonumber(string.match(row[1], '^(%d+)-')), row[2][4]
  redis.call('HDEL', OPS, row[2][2])
end
redis.call('XTRIM', STREAM, 'MINID', '=', text(last + 1) .. '-0')
redis.call('HSET', META, 'baseSequence', text(last), 'baseHash', hash)
return { 'done', text(last), hash, last < limit and '1' or '0' }`,
)

/** Lets an empty log begin behind an entry that it does not have. Arguments: its sequence and hash. */
export const BEGIN = script(
  'begin',
  `${FENCE}
if meta.sequence ~= '0' then return { 'taken' } end
redis.call('HSET', META, 'sequence', ARGV[1], 'hash', ARGV[2], 'baseSequence', ARGV[1], 'baseHash', ARGV[2])
return { 'done' }`,
)

/** Whether another has a duty. A lease that would last longer than it was given for was given by a clock that was wrong. */
const LEASED = `
local function isLeased(duty, writer)
  local holder, ends, life = string.match(redis.call('HGET', LEASES, duty) or '', '^(.*) (%d+) (%d+)$')
  if not holder or holder == writer then return false end
  local left = tonumber(ends) - now()
  return left > 0 and left <= tonumber(life)
end
`

/**
 * Removes what an import left behind that did not come to its end. Arguments: the duty that keeps others away, who asks.
 * Refused while another is at it.
 */
export const CLEAR = script(
  'clear',
  `${LEASED}
if isLeased(ARGV[1], ARGV[2]) then return { 'taken' } end
redis.call('UNLINK', unpack(KEYS))
return { 'done' }`,
)

/**
 * Makes this log, which is whole, that of the realm: all of it at once. Further keys: those where it goes. Arguments: its
 * sequence and hash. Refused when there is a log, and answers then where that one ends.
 */
export const MOVE_IN = script(
  'movein',
  `${FENCE}${WHOLE_ONLY}
if meta.sequence ~= ARGV[1] or meta.hash ~= ARGV[2] then return { 'moved' } end
local there = redis.call('HGET', KEYS[9], 'sequence') or '0'
if there ~= '0' then return { 'taken', there } end
for at = 8, 1, -1 do redis.call('RENAME', KEYS[at], KEYS[at + 8]) end
return { 'done' }`,
)

/** Takes or keeps a duty for a while. Arguments: its name, who wants it, milliseconds. Answers whether it is theirs. */
export const LEASE = script(
  'lease',
  `${FENCE}${LEASED}
local duty, writer, life = unpack(ARGV)
if isLeased(duty, writer) then return { 'taken' } end
redis.call('HSET', LEASES, duty, writer .. ' ' .. text(now() + tonumber(life)) .. ' ' .. life)
return { 'done' }`,
)

/**
 * Which of these commands, each with its arguments in one text, the user may not run. Without what the others begin with,
 * for that is a command too (https://redis.io/docs/latest/develop/programmability/lua-api/, redis.acl_check_cmd).
 */
export const RIGHTS: Script = {
  name: 'rights',
  lua: `-- weft rights
local missing = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '%S+') do table.insert(words, word) end
  if not redis.acl_check_cmd(unpack(words)) then table.insert(missing, command) end
end
return missing`,
}

function script(name: string, body: string, flags?: string): Script {
  const shebang = flags === undefined ? '' : `#!lua flags=${flags}\n`
  return {
    name,
    lua: `${shebang}-- weft ${name} ${digestOf(body)}\n${PRELUDE}\n${body}`,
  }
}

/** Tells releases apart in the server's own lists. */
function digestOf(body: string): string {
  return createHash('sha256').update(PRELUDE).update(body).digest('hex').slice(0, 8)
}
