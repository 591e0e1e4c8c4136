import type { Network as NetworkState } from '../../model/state.ts'
import type { Network } from '../schemas/network.ts'
import { instantText } from './instant.ts'

/** A network as REST shows it. */
export function networkView(network: NetworkState, epoch: number): Network {
  const { id, name, ipv4, ipv6, nodePrefixLength, topology, keyCustody, revision } = network
  const createdAt = instantText(network.createdAt)
  return { id, name, ipv4, ipv6, nodePrefixLength, topology, keyCustody, epoch, revision, createdAt }
}
