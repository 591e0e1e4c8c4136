import type { NodeId } from '../keys/identity.ts'
import { hashOf } from '../topology/hash.ts'

/** WireGuard's usual port, and how many follow it that a node may begin with. */
const FIRST_PORT = 51_820
const PORTS = 8_192

/** The UDP port with which a node begins. Two behind one translation that use the same look to witnesses as if it were symmetric. */
export function usualPort(node: NodeId): number {
  return FIRST_PORT + (hashOf(node) % PORTS)
}

/** The lowest port from `from` on that is not used. */
export function freePort(from: number, used: readonly number[]): number {
  const taken = new Set(used)
  let port = from
  while (taken.has(port)) port += 1
  return port
}
