import { FENCE, SNAPSHOTS_THERE, WHOLE_ONLY } from './parts.ts'
import { script } from './script.ts'

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
