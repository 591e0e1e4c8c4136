import { FENCE, LEASED, SEEN, WHOLE_ONLY } from './parts.ts'
import { script } from './script.ts'

/** Lets an empty log begin behind an entry that it does not have. Arguments: its sequence and hash. */
export const BEGIN = script(
  'begin',
  `${FENCE}
if meta.sequence ~= '0' then return { 'taken' } end
redis.call('HSET', META, 'sequence', ARGV[1], 'hash', ARGV[2], 'baseSequence', ARGV[1], 'baseHash', ARGV[2])
return { 'done' }`,
)

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

/** What is in the place of a log, but for the members that mean nothing. A key of another type is an error. */
const HOLDINGS = `
local function holdings(at)
  local stream, ops, turns, snapshots, claims, leases, refusals = unpack(KEYS, at + 1, at + 7)
  for _, key in ipairs({ claims, leases }) do redis.call('HLEN', key) end
  for _, key in ipairs({ turns, refusals }) do redis.call('ZCARD', key) end
  return {
    redis.call('XLEN', stream) - #redis.call('XRANGE', stream, '0-1', '0-1'),
    redis.call('HLEN', ops) - redis.call('HEXISTS', ops, ''),
    redis.call('HLEN', snapshots) - redis.call('HEXISTS', snapshots, ''),
  }
end
local function remains(held)
  if held[1] + held[2] + held[3] == 0 then return nil end
  return { 'remains', text(held[1]), text(held[2]), text(held[3]) }
end
`

/** Looks at what is left where no log is. Answers how many entries, operations and pieces of snapshots are there, if any. */
export const REMAINS = script(
  'remains',
  `${HOLDINGS}
return remains(holdings(1)) or { 'done' }`,
)

/**
 * Makes this log, which is whole, that of the realm: all of it at once. Further keys: those where it goes. Arguments: its
 * sequence and hash. Refused when there is a log, and answers then where that one ends; and when there is what is left of one
 * that lost what said where it ends: nothing is ever written over but what is of the moment.
 */
export const MOVE_IN = script(
  'movein',
  `${SEEN}${WHOLE_ONLY}${HOLDINGS}
if meta.sequence ~= ARGV[1] or meta.hash ~= ARGV[2] then return { 'moved' } end
local there = redis.call('HGET', KEYS[9], 'sequence') or '0'
if there ~= '0' then return { 'taken', there } end
local left = remains(holdings(9))
if left then return left end
for at = 8, 1, -1 do redis.call('RENAME', KEYS[at], KEYS[at + 8]) end
return { 'done' }`,
)
