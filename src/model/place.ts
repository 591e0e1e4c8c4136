import type { NodeId } from '../keys/identity.ts'
import type { NetworkId } from './names.ts'

/** What a sealed member key is for; it opens for nothing else (keys/seal.ts). */
export function memberKeyPlace(network: NetworkId, node: NodeId, keyVersion: number): string {
  return `member key of ${node} in ${network}, version ${keyVersion}`
}
