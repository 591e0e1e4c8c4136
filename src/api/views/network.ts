import type { Network as NetworkState } from '../../model/state.ts'
import { tagOf } from '../etag.ts'
import type { Network } from '../schemas/network.ts'
import { instantText } from './instant.ts'

/** A network as REST shows it. */
export function networkView(network: NetworkState, epoch: number): Network {
  const { id, name, project, ipv4, ipv6, nodePrefixLength, topology, keyCustody, revision } = network
  const createdAt = instantText(network.createdAt)
  return { id, name, project, ipv4, ipv6, nodePrefixLength, topology, keyCustody, epoch, revision, createdAt }
}

/** Moves with every change of a network or of its members. */
export function networkTag(network: NetworkState, epoch: number): string {
  return tagOf(networkView(network, epoch))
}
