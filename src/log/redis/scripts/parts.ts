/** Only a server that was armed takes changes: one that took the place of another, or lost its memory, was not. */
export const FENCE = `
local run = runId()
if meta.armed ~= run then return { 'fenced', run, meta.armed } end
`

/**
 * The same for what has to last: it is done only where nobody has set the server otherwise since it was looked at. What is
 * written while a file is begun anew is in none. Takes the counts that it had then (file.ts) out of the arguments; empty: it does
 * not matter. Whoever armed it has looked at it since it was started, or became the primary, so the rest of its life is the same.
 * Patterns would take longer here than all the rest.
 */
export const SEEN = `
local info = redis.call('INFO', 'server', 'commandstats')
local run = string.match(info, 'run_id:(%x+)')
if meta.armed ~= run then return { 'fenced', run, meta.armed } end
local function countOf(name)
  local _, at = string.find(info, 'cmdstat_config|' .. name .. ':', 1, true)
  return at and string.match(info, '^[^\\r]*', at + 1) or ''
end
local seen = table.remove(ARGV, 1)
if seen ~= '' and seen ~= countOf('set') .. ' ' .. countOf('resetstat') then return { 'unseen' } end
`

/** What one level takes for durable another does not: who keeps to another writes nothing. Needs `level`. */
export const LEVEL = `
if meta.level ~= level then return { 'level', meta.level } end
`

/**
 * What is said of a log is believed only while its entries and operations are there: what deletes or alters them from outside
 * would else be built upon. Costs the same however long the log is. Each key has a first member that means nothing (ARM).
 */
export const WHOLE = `
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

export const WHOLE_ONLY = `${WHOLE}
local harm = broken()
if harm then return { 'damaged', harm } end
`

/** Sequences of the snapshots that are whole and can be of this log, the oldest first: others say nothing. */
export const SNAPSHOTS_THERE = `
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

/** Whether another has a duty. A lease that would last longer than it was given for was given by a clock that was wrong. */
export const LEASED = `
local function isLeased(duty, writer)
  local holder, ends, life = string.match(redis.call('HGET', LEASES, duty) or '', '^(.*) (%d+) (%d+)$')
  if not holder or holder == writer then return false end
  local left = tonumber(ends) - now()
  return left > 0 and left <= tonumber(life)
end
`
