import type { Network as NetworkState } from '../../model/state.ts'
import type { Network } from '../schemas/network.ts'
import { instantText } from './instant.ts'

/** A network as REST shows it. */
export function networkView(network: NetworkState, epoch: number): Network {
  const { id, name, project, ipv4, ipv6, nodePrefixLength, topology, keyCustody, revision } = network
  const createdAt = instantText(network.createdAt)
  return { id, name, project, ipv4, ipv6, nodePrefixLength, topology, keyCustody, epoch, revision, createdAt }
}
