import { FENCE, LEASED } from './parts.ts'
import { script } from './script.ts'

/** Takes or keeps a duty for a while. Arguments: its name, who wants it, milliseconds. Answers whether it is theirs. */
export const LEASE = script(
  'lease',
  `${FENCE}${LEASED}
local duty, writer, life = unpack(ARGV)
if isLeased(duty, writer) then return { 'taken' } end
redis.call('HSET', LEASES, duty, writer .. ' ' .. text(now() + tonumber(life)) .. ' ' .. life)
return { 'done' }`,
)
