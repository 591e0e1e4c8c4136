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
  const hosts = new Map<string, Host>()
  for (const text of reported) {
    const host = readHost(text)
    if (host && !isInside(overlays, host.address)) hosts.set(`${host.address} ${host.subnet}`, host)
  }
  return [...hosts.values()].toSorted(
    (a, b) => byPreference(a.address, b.address) || (a.subnet < b.subnet ? -1 : 1),
  )
}

/** Whether an address belongs to one of the ranges. */
export function isInside(ranges: readonly Cidr[], address: Address): boolean {
  return ranges.some((range) => contains(range, address))
}

/** IPv4 first: its headers are shorter, so more fits. Then by text: any fixed order does, as long as it is fixed. */
function byPreference(a: Address, b: Address): number {
  return familyOf(a) - familyOf(b) || (a < b ? -1 : a > b ? 1 : 0)
}

function readHost(text: string): Host | undefined {
  const [, before = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = readAddress(before)
  if (!address || Number(digits) > widthOf(familyOf(address))) return undefined
  const scope = scopeOf(address)
  return scope === 'never' ? undefined : { address, subnet: subnetOf(address, Number(digits)), scope }
}

function subnetOf(address: Address, prefixLength: number): Cidr {
  const block = { ...toBlock(address), prefixLength }
  return toCidr({ ...block, first: (block.first >> hostBits(block)) << hostBits(block) })
}
