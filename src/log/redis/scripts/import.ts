import { FENCE, LEASED, WHOLE_ONLY } from './parts.ts'
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
