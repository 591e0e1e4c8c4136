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
  if (family === 4) return BigInt(text.split('.').reduce((value, byte) => value * 256 + Number(byte), 0))
  const [head = '', tail] = text.split('::')
  const front = hexOf(head)
  return BigInt(`0x${tail === undefined ? front : front + hexOf(tail).padStart(32 - front.length, '0')}`)
}

/** The canonical text of an address: RFC 5952 for IPv6. */
export function fromNumber(family: Family, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
  const groups = value.toString(16).padStart(32, '0').match(/.{4}/g) ?? []
  const text = groups.map((group) => group.replace(/^0{1,3}/, '')).join(':')
  // The longest run of zeros, the first of several: all of one length are the same text (RFC 5952 section 4.2.3).
  const runs = text.match(/\b0(:0)+\b/g) ?? []
  const gap = runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '')
  return gap ? text.replace(new RegExp(`(^|:)${gap}(:|$)`), '::') : text
}

function hexOf(groups: string): string {
  return groups
    .split(':')
    .map((group) => group.padStart(4, '0'))
    .join('')
}
