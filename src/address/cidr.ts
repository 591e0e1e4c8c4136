import { Address4, Address6 } from 'ip-address'
import { WeftError } from '../errors.ts'
import {
  type Family,
  fromNumber,
  hostBits,
  ipv4Text,
  ipv6Text,
  toNumber,
  truncate,
  widthOf,
} from './number.ts'

declare const brand: unique symbol
/** An address range in canonical form: `10.1.0.0/16`, `fd12:3456:789a::/48`; no host bits, IPv6 as RFC 5952 writes it. */
export type Cidr = string & { readonly [brand]: 'Cidr' }
/** One address in canonical form, without a prefix length. */
export type Address = string & { readonly [brand]: 'Address' }

/** A range as numbers: `first` is its lowest address. */
export interface Block {
  readonly family: Family
  readonly first: bigint
  readonly prefixLength: number
}

/** `text` as a range; other spellings of IPv6 are made canonical. Throws `invalid-input`, saying what would be right. */
export function parseCidr(text: string, family?: Family): Cidr {
  const [, address, prefix] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  if (address === undefined)
    throw invalid(text, 'is not an address range', `Write it like ${example(family)}.`)
  const block = { ...parseNumber(address, family), prefixLength: Number(prefix) }
  const width = widthOf(block.family)
  if (block.prefixLength > width) {
    throw invalid(text, `has too long a prefix`, `A prefix of IPv${block.family} is 0 to ${width} bits long.`)
  }
  const first = (block.first >> hostBits(block)) << hostBits(block)
  const cidr = toCidr({ ...block, first })
  if (first !== block.first) throw invalid(text, 'has bits set behind its prefix', `The range is ${cidr}.`)
  return cidr
}

/** `text` as one address. Throws `invalid-input`, saying what would be right. */
export function parseAddress(text: string, family?: Family): Address {
  const { family: found, first } = parseNumber(text, family)
  return toAddress(found, first)
}

export function familyOf(text: Cidr | Address): Family {
  return text.includes(':') ? 6 : 4
}

export function prefixLengthOf(cidr: Cidr): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1))
}

/** The range that holds `address` alone: a /32 or a /128. */
export function hostRange(address: Address): Cidr {
  return `${address}/${widthOf(familyOf(address))}` as Cidr
}

/** Whether all of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr | Address): boolean {
  if (familyOf(outer) !== familyOf(inner)) return false
  const prefixLength = prefixLengthOf(outer)
  const own = inner.includes('/') ? prefixLengthOf(inner as Cidr) : widthOf(familyOf(inner))
  return prefixLength <= own && rangeAround(inner, prefixLength) === outer
}

/** The range of this length that holds `text`, which must not be wider. */
export function rangeAround(text: Cidr | Address, prefixLength: number): Cidr {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  return `${truncate(familyOf(text), address, prefixLength)}/${prefixLength}` as Cidr
}

/** Whether some address is in both. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a)
}

/** 4 or 16 bytes, in network order. */
export function addressBytes(address: Address): Uint8Array {
  const family = familyOf(address)
  const hex = toNumber(family, address).toString(16)
  return new Uint8Array(Buffer.from(hex.padStart(widthOf(family) / 4, '0'), 'hex'))
}

/** The address of 4 or 16 bytes, or undefined for any other length and for IPv4 in the clothes of IPv6. */
export function addressFromBytes(bytes: Uint8Array): Address | undefined {
  if (bytes.length === 4) return ipv4Text(bytes) as Address
  if (bytes.length !== 16) return undefined
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0))
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  return isMapped ? undefined : (ipv6Text(groups) as Address)
}

/** A canonical range or address as numbers. */
export function toBlock(text: Cidr | Address): Block {
  const family = familyOf(text)
  const [address = '', prefix] = text.split('/')
  return {
    family,
    first: toNumber(family, address),
    prefixLength: prefix === undefined ? widthOf(family) : Number(prefix),
  }
}

/** The caller sees to it that there are no host bits. */
export function toCidr({ family, first, prefixLength }: Block): Cidr {
  return `${fromNumber(family, first)}/${prefixLength}` as Cidr
}

export function toAddress(family: Family, value: bigint): Address {
  return fromNumber(family, value) as Address
}

function parseNumber(text: string, wanted?: Family): { family: Family; first: bigint } {
  const family = text.includes(':') ? 6 : 4
  if (wanted && family !== wanted)
    throw invalid(text, `is not IPv${wanted}`, `Write it like ${example(wanted)}.`)
  return { family, first: family === 4 ? parseIpv4(text) : parseIpv6(text) }
}

function parseIpv4(text: string): bigint {
  if (!text.includes('/') && Address4.isValid(text)) return new Address4(text).bigInt()
  const advice = 'An IPv4 address is four numbers from 0 to 255 without leading zeros, like 10.1.0.1.'
  throw invalid(text, 'is not an address', advice)
}

function parseIpv6(text: string): bigint {
  if (text.includes('%')) throw invalid(text, 'has a zone', 'Leave out the part from % on.')
  const advice = 'An IPv6 address is eight groups of hexadecimal digits, like fd12:3456:789a::1.'
  if (/[./]/.test(text) || !Address6.isValid(text)) throw invalid(text, 'is not an address', advice)
  const value = new Address6(text).bigInt()
  // The kernel treats these as IPv4 in some places and as IPv6 in others: one address would have two names.
  if (isMapped(value))
    throw invalid(text, 'is IPv4 written as IPv6', `Write ${fromNumber(4, value & 0xffffffffn)}.`)
  return value
}

/** In ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
function isMapped(value: bigint): boolean {
  return value >> 32n === 0xffffn
}

function example(family: Family | undefined): string {
  return family === 6 ? 'fd12:3456:789a::/48' : '10.1.0.0/16'
}

function invalid(text: string, what: string, advice: string): WeftError {
  return new WeftError('invalid-input', `${JSON.stringify(text.slice(0, 60))} ${what}.`, { advice })
}
