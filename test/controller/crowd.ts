import { parseCidr } from '../../src/address/cidr.ts'
import { Identity, type NodeId } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { createKeyPair } from '../../src/keys/wireguard.ts'
import { applyEntry } from '../../src/model/apply.ts'
import type { Event } from '../../src/model/event.ts'
import { DEFAULT_PROJECT, ID_BYTES, toNetworkId } from '../../src/model/names.ts'
import { emptyState, type Network, type State } from '../../src/model/state.ts'

/** A mesh of nodes that exist in a state only. */
export interface Crowd {
  readonly state: State
  readonly network: Network
  /** In the order of the sites. */
  readonly ids: readonly NodeId[]
}

/** @param sites one for each member; @param at when all became members */
export function crowd(sites: readonly string[], at: number): Crowd {
  const id = toNetworkId(systemRandom(ID_BYTES))
  const people = sites.map((site) => ({ site, ...new Identity(new SecretBytes(systemRandom(32))) }))
  const events: Event[] = [
    {
      type: 'network-created',
      id,
      project: DEFAULT_PROJECT,
      name: 'demo',
      ipv4: parseCidr('10.64.0.0/16'),
      ipv6: parseCidr('fd12:3456:789a::/48'),
      nodePrefixLength: 32,
      topology: 'mesh',
      keyCustody: 'controller',
      at,
    },
    ...people.flatMap(({ id: node, signing, sealing, site }, index): Event[] => [
      {
        type: 'node-enrolled',
        id: node,
        project: DEFAULT_PROJECT,
        name: `node-${index}`,
        publicKey: signing.publicKey,
        sealingKey: sealing.publicKey,
        labels: site === '' ? {} : { site },
        at,
      },
      {
        type: 'member-added',
        network: id,
        node,
        slot: index + 1,
        keyVersion: 1,
        publicKey: createKeyPair(systemRandom).publicKey,
        at,
      },
    ]),
  ]
  const state = applyEntry(emptyState, { sequence: 1, events })
  const network = state.networks.get(id)
  if (!network) throw new TypeError('the network is not there')
  return { state, network, ids: people.map((person) => person.id) }
}
