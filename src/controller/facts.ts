import { type Address, parseAddress } from '../address/cidr.ts'
import type { NetworkId } from '../model/names.ts'
import type { Facts } from '../protocol/frames.ts'

/** What a node said about itself, in canonical form. */
export interface NodeFacts {
  readonly addresses: readonly Address[]
  readonly ports: ReadonlyMap<NetworkId, number>
  readonly device: Facts['device']
  readonly version: string
}

/** Addresses that are of no use to others are left out: what a node reports is a hint, so a wrong one is no error. */
export function toNodeFacts(facts: Facts): NodeFacts {
  const addresses = facts.addresses.map(tryParse).filter((address) => address !== undefined)
  const ports = facts.ports
    .filter(({ port }) => port > 0)
    .map(({ network, port }) => [network as NetworkId, port] as const)
  return {
    addresses: [...new Set(addresses)].filter(isReachable).toSorted(),
    ports: new Map(ports),
    device: facts.device,
    version: facts.version,
  }
}

function tryParse(text: string): Address | undefined {
  try {
    return parseAddress(text)
  } catch {
    return undefined
  }
}

/** Loopback, link-local, multicast, unspecified: they mean another thing on every machine. */
const LOCAL = /^(0\.|127\.|169\.254\.|2(2[4-9]|3\d|4\d|5[0-5])\.|::1?$|fe[89ab][0-9a-f]:|ff)/

function isReachable(address: Address): boolean {
  return !LOCAL.test(address)
}
