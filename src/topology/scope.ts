import { type Address, type Block, type Cidr, parseCidr, toBlock } from '../address/cidr.ts'
import { hostBits } from '../address/number.ts'

/** How far an address means the same: everywhere, only within its LAN, or nowhere that a packet of ours could go. */
export type Scope = 'global' | 'private' | 'never'

/** Special ranges of the IANA registries (RFC 6890); those for documentation and benchmarks are global: labs use them. */
const PRIVATE = [
  '10.0.0.0/8', // RFC 1918
  '172.16.0.0/12', // RFC 1918
  '192.168.0.0/16', // RFC 1918
  '100.64.0.0/10', // shared by carriers, RFC 6598
  '192.0.0.0/24', // a host's own end of IPv4 over IPv6, RFC 7335
  'fc00::/7', // unique local, RFC 4193
].map((text) => parseCidr(text))

const NEVER = [
  '0.0.0.0/8', // this host
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local
  '224.0.0.0/3', // multicast, reserved, broadcast
].map((text) => parseCidr(text))

/** What IPv6 has given out so far as global unicast (RFC 4291); loopback, link-local and multicast lie outside. */
const GLOBAL_IPV6 = parseCidr('2000::/3')

const privateBlocks = PRIVATE.map(toBlock)
const neverBlocks = NEVER.map(toBlock)
const globalIpv6 = toBlock(GLOBAL_IPV6)

/** The scope of an address; of a range, when all of it is in one special range. */
export function scopeOf(text: Address | Cidr): Scope {
  const block = toBlock(text)
  if (privateBlocks.some((outer) => covers(outer, block))) return 'private'
  if (block.family === 6) return covers(globalIpv6, block) ? 'global' : 'never'
  return neverBlocks.some((outer) => covers(outer, block)) ? 'never' : 'global'
}

/** Whether all of `inner` is in `outer`. */
function covers(outer: Block, inner: Block): boolean {
  return (
    outer.family === inner.family &&
    outer.prefixLength <= inner.prefixLength &&
    (outer.first ^ inner.first) >> hostBits(outer) === 0n
  )
}
