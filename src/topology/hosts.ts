import { type Address, type Cidr, contains, familyOf, toBlock, toCidr } from '../address/cidr.ts'
import { hostBits, widthOf } from '../address/number.ts'
import { readAddress } from './endpoint.ts'
import { scopeOf } from './scope.ts'

/** An address of a node that others may be able to use. */
export interface Host {
  readonly address: Address
  /** The range its interface is in; the address alone where the prefix says no more. */
  readonly subnet: Cidr
  readonly scope: 'global' | 'private'
}

/**
 * What is usable of the addresses that a node reports, like `192.168.1.2/24`: without those that lead nowhere, those
 * inside `overlays` (a path through a tunnel to itself), and what is no address at all. Sorted by `byPreference`.
 */
export function hostsOf(reported: readonly string[], overlays: readonly Cidr[]): readonly Host[] {
  const all = read.get(reported) ?? readHosts(reported)
  read.set(reported, all)
  return all.filter(({ address }) => !isInside(overlays, address))
}

/** Of each report: whoever comes back is asked for its hosts five times in a row. */
const read = new WeakMap<readonly string[], readonly Host[]>()

function readHosts(reported: readonly string[]): readonly Host[] {
  const hosts = new Map<string, Host>()
  for (const text of reported) {
    const host = readHost(text, [])
    if (typeof host !== 'string') hosts.set(`${host.address} ${host.subnet}`, host)
  }
  return [...hosts.values()].toSorted(
    (a, b) => byPreference(a.address, b.address) || (a.subnet < b.subnet ? -1 : 1),
  )
}

/** What a node reports as an address of its own, or why it is of no use: the end of a sentence that names it. */
export function readHost(text: string, overlays: readonly Cidr[]): Host | string {
  const [, before = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = readAddress(before)
  if (!address || Number(digits) > widthOf(familyOf(address))) return 'which is no address'
  const scope = scopeOf(address)
  if (scope === 'never') return 'to which no other machine can send'
  if (isInside(overlays, address)) return 'which lies in the range of one of its own private networks'
  return { address, subnet: subnetOf(address, Number(digits)), scope }
}

/** Whether an address belongs to one of the ranges. */
export function isInside(ranges: readonly Cidr[], address: Address): boolean {
  return ranges.some((range) => contains(range, address))
}

/** IPv4 first: its headers are shorter, so more fits. Then by text: any fixed order does, as long as it is fixed. */
function byPreference(a: Address, b: Address): number {
  return familyOf(a) - familyOf(b) || (a < b ? -1 : a > b ? 1 : 0)
}

function subnetOf(address: Address, prefixLength: number): Cidr {
  const block = { ...toBlock(address), prefixLength }
  return toCidr({ ...block, first: (block.first >> hostBits(block)) << hostBits(block) })
}
