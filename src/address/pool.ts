import { WeftError } from '../errors.ts'
import { slotCount } from './allocation.ts'
import { type Cidr, contains, overlaps, parseCidr, prefixLengthOf, toBlock, toCidr } from './cidr.ts'
import { hostBits } from './number.ts'

/** What a network may use without being in anybody's way (RFC 1918). */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) => parseCidr(text))

/** Ranges with a meaning of their own, and why a network cannot have them (RFC 6890). */
const SPECIAL = [
  ['0.0.0.0/8', 'stands for "this host" and cannot be routed'],
  ['100.64.0.0/10', 'belongs to providers, for address translation (RFC 6598)'],
  ['127.0.0.0/8', 'is loopback: its packets never leave a machine'],
  ['169.254.0.0/16', 'is link-local: its packets are not routed'],
  ['224.0.0.0/4', 'is for multicast'],
  ['240.0.0.0/4', 'is reserved'],
  ['::1/128', 'is loopback: its packets never leave a machine'],
  ['fe80::/10', 'is link-local: its packets are not routed'],
  ['ff00::/8', 'is for multicast'],
].map(([text = '', reason]) => ({ range: parseCidr(text), reason }))

const ULA = parseCidr('fd00::/8')

/** Throws `invalid-input` unless a network can have `ipv4`, cut into pieces of `nodePrefixLength` bits, one a member. */
export function validateNetworkRange(ipv4: Cidr, nodePrefixLength: number): void {
  refuseSpecial(ipv4, 'ipv4')
  if (!PRIVATE.some((range) => contains(range, ipv4))) {
    const advice = `Take one within ${PRIVATE.join(', ')}.`
    throw invalid('ipv4', `${ipv4} is not private: hosts elsewhere may have these addresses.`, advice)
  }
  validatePieces(ipv4, nodePrefixLength)
}

/** Throws `invalid-input` unless `ipv6` is a /48 of the kind that `ulaRange` makes. */
export function validateNetworkRangeIpv6(ipv6: Cidr): void {
  refuseSpecial(ipv6, 'ipv6')
  if (contains(ULA, ipv6) && prefixLengthOf(ipv6) === 48) return
  const advice =
    'Leave it out and one is made, or take fd, ten random hexadecimal digits, and /48 (RFC 4193).'
  throw invalid('ipv6', `${ipv6} is not a /48 within ${ULA}.`, advice)
}

/** Throws `range-overlap`, naming the first of `taken` that has an address in common with `range`. */
export function assertNoOverlap(range: Cidr, taken: Iterable<Cidr>): void {
  for (const other of taken) {
    if (!overlaps(range, other)) continue
    const field = range.includes(':') ? 'ipv6' : 'ipv4'
    throw new WeftError('range-overlap', `${range} overlaps ${other}, which is taken.`, {
      field,
      advice: 'Take another range, or leave it out and a free one is chosen.',
    })
  }
}

/** Networks get a /16 each: 65,536 addresses, or 255 members with a /24 each. */
const RANGE_PREFIX = 16

/**
 * The lowest free /16 of the first pool that has one; a pool smaller than that is given as a whole. Undefined when
 * nothing is left.
 * @param pool IPv4 ranges, in the order in which to use them up
 * @param taken ranges of any size; those of the other family do not matter
 */
export function nextFreeRange(pool: readonly Cidr[], taken: Iterable<Cidr>): Cidr | undefined {
  const spans = spansOf(taken)
  for (const range of pool) {
    const prefixLength = Math.max(prefixLengthOf(range), RANGE_PREFIX)
    const first = firstGap(spanOf(range), 1n << hostBits({ family: 4, prefixLength }), spans)
    if (first !== undefined) return toCidr({ family: 4, first, prefixLength })
  }
  return undefined
}

/** A fresh /48 of unique local IPv6 (RFC 4193 section 3.2): fd and 40 random bits, so that two hardly ever meet. */
export function ulaRange(random: (length: number) => Uint8Array): Cidr {
  const first = BigInt(`0xfd${Buffer.from(random(5)).toString('hex')}`) << 80n
  return toCidr({ family: 6, first, prefixLength: 48 })
}

function refuseSpecial(range: Cidr, field: string): void {
  const special = SPECIAL.find((candidate) => overlaps(candidate.range, range))
  if (!special) return
  const advice =
    field === 'ipv4' ? `Take one within ${PRIVATE.join(', ')}.` : `Take a /48 within ${ULA}, or leave it out.`
  throw invalid(field, `${range} cannot be used: ${special.range} ${special.reason}.`, advice)
}

function validatePieces(ipv4: Cidr, nodePrefixLength: number): void {
  const prefixLength = prefixLengthOf(ipv4)
  if (!Number.isInteger(nodePrefixLength) || nodePrefixLength <= prefixLength || nodePrefixLength > 32) {
    const advice = `With ${ipv4} it is a whole number from ${prefixLength + 1} to 32.`
    throw invalid('nodePrefixLength', `Members cannot have a /${nodePrefixLength} of ${ipv4} each.`, advice)
  }
  const count = slotCount(ipv4, nodePrefixLength)
  if (count >= 2) return
  const advice = 'Take a larger range, or a longer nodePrefixLength.'
  const room = count === 1 ? 'for one member only' : 'for no member'
  throw invalid('ipv4', `${ipv4} has room ${room} with a /${nodePrefixLength} each.`, advice)
}

function invalid(field: string, message: string, advice: string): WeftError {
  return new WeftError('invalid-input', message, { field, advice })
}

/** Lowest and highest address of a range. */
interface Span {
  readonly first: bigint
  readonly last: bigint
}

function spanOf(range: Cidr): Span {
  const block = toBlock(range)
  return { first: block.first, last: block.first + (1n << hostBits(block)) - 1n }
}

function spansOf(taken: Iterable<Cidr>): Span[] {
  const spans = [...taken].filter((range) => !range.includes(':')).map(spanOf)
  return spans.sort((a, b) => Number(a.first - b.first))
}

/** Where the first piece of `size` addresses in `within` begins that meets none of `spans`, which are in order. */
function firstGap(within: Span, size: bigint, spans: readonly Span[]): bigint | undefined {
  let first = within.first
  for (const span of spans) {
    if (span.last < first) continue
    if (span.first >= first + size) break
    first = (span.last / size + 1n) * size
  }
  return first + size - 1n <= within.last ? first : undefined
}
