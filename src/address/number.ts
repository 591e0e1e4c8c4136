/** IP version. */
export type Family = 4 | 6

/** Bits of an address: 32 or 128. */
export function widthOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128
}

/** Bits behind the prefix, as a bigint to shift by. */
export function hostBits(block: { readonly family: Family; readonly prefixLength: number }): bigint {
  return BigInt(widthOf(block.family) - block.prefixLength)
}

/** The value of an address in canonical form; other text must go through `parseAddress`. */
export function toNumber(family: Family, text: string): bigint {
  if (family === 6) return numberOf(groupsIn(text))
  return BigInt(bytesIn(text).reduce((value, byte) => value * 256 + byte, 0))
}

/** The canonical text of an address: RFC 5952 for IPv6. */
export function fromNumber(family: Family, value: bigint): string {
  if (family === 6) return ipv6Text(groupsOf(value))
  const number = Number(value)
  return ipv4Text([number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255])
}

/** The lowest address of the range of this length around one in canonical form: without large numbers, so in no time. */
export function truncate(family: Family, text: string, prefixLength: number): string {
  if (prefixLength === widthOf(family)) return text
  const parts = family === 6 ? groupsIn(text) : bytesIn(text)
  const width = family === 6 ? 16 : 8
  for (let at = Math.floor(prefixLength / width); at < parts.length; at++) {
    const below = Math.min(width, (at + 1) * width - prefixLength)
    parts[at] = ((parts[at] ?? 0) >> below) << below
  }
  return family === 6 ? ipv6Text(parts) : ipv4Text(parts)
}

/** @param bytes 4 of them */
export function ipv4Text(bytes: ArrayLike<number>): string {
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
}

/** In the form of RFC 5952. @param groups 8 numbers of 16 bits */
export function ipv6Text(groups: ArrayLike<number>): string {
  const gap = longestGap(groups)
  let text = ''
  for (let at = 0; at < GROUPS; at++) {
    if (at === gap.at) text += '::'
    if (at >= gap.at && at < gap.end) continue
    if (at > 0 && at !== gap.end) text += ':'
    text += (groups[at] ?? 0).toString(16)
  }
  return text
}

const GROUPS = 8

/** The longest run of two zeros or more, the first of several (RFC 5952 section 4.2). */
function longestGap(groups: ArrayLike<number>): { readonly at: number; readonly end: number } {
  let gap = { at: GROUPS, end: GROUPS }
  for (let at = 0, end = 0; at < GROUPS; at = end + 1) {
    for (end = at; end < GROUPS && groups[end] === 0; ) end += 1
    if (end - at > Math.max(1, gap.end - gap.at)) gap = { at, end }
  }
  return gap
}

/** Character by character: taking it apart into texts takes three times as long, and there are thousands. */
function groupsIn(text: string): number[] {
  const groups: number[] = []
  let gap = GROUPS
  for (let at = 0; at < text.length; at++) {
    let group = 0
    const start = at
    for (; at < text.length && text.charCodeAt(at) !== COLON; at++)
      group = group * 16 + digitOf(text.charCodeAt(at))
    if (at > start) groups.push(group)
    if (text.charCodeAt(at + 1) === COLON) gap = groups.length
  }
  const zeros = GROUPS - groups.length
  if (zeros > 0) groups.splice(gap, 0, ...ZEROS.slice(0, zeros))
  return groups
}

function bytesIn(text: string): number[] {
  const bytes: number[] = []
  let byte = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      bytes.push(byte)
      byte = 0
    } else byte = byte * 10 + digitOf(code)
  }
  bytes.push(byte)
  return bytes
}

const DOT = 46
const COLON = 58
const ZEROS: readonly number[] = Object.freeze(new Array<number>(GROUPS).fill(0))

/** Of a character among 0 to 9 and a to f. */
function digitOf(code: number): number {
  return code < COLON ? code - 48 : code - 87
}

/** Two groups at a time, for numbers this large are slow. */
function numberOf(groups: readonly number[]): bigint {
  let value = 0n
  for (let at = 0; at < GROUPS; at += 2)
    value = (value << 32n) | BigInt((groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0))
  return value
}

function groupsOf(value: bigint): readonly number[] {
  const groups: number[] = []
  for (const shift of [96n, 64n, 32n, 0n]) {
    const two = Number((value >> shift) & 0xffffffffn)
    groups.push(two >>> 16, two & 0xffff)
  }
  return groups
}
