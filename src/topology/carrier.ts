import type { NodeId } from '../keys/identity.ts'
import { hashOf, weightOf } from './hash.ts'

/** A hub or gateway, with the hash of its id at hand. */
export interface Carrier {
  readonly node: NodeId
  readonly hash: number
}

/** The carrier that a member takes as its home, by rendezvous hash; of several that weigh the same, the first by id. */
export function homeOf(member: NodeId, carriers: Iterable<Carrier>): NodeId | undefined {
  const key = hashOf(member)
  let best: { readonly node: NodeId; readonly weight: number } | undefined
  for (const { node, hash } of carriers) {
    const weight = weightOf(key, hash)
    if (!best || weight > best.weight || (weight === best.weight && node < best.node)) best = { node, weight }
  }
  return best?.node
}
