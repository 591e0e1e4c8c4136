import type { NodeId } from '../../keys/identity.ts'
import type { PublicKey } from '../../keys/wireguard.ts'
import type { Entry } from '../../log/log.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import type { WitnessedMember } from '../../protocol/content.ts'
import type { Presence } from './presence.ts'
import { memberReach } from './surroundings.ts'

export interface WitnessTools {
  readonly state: () => State
  readonly presence: Presence
}

/** What changes for every relay. */
export interface WitnessChange {
  readonly added: readonly WitnessedMember[]
  readonly removed: readonly PublicKey[]
}

/** The members whose outside endpoint only a relay can see: those without a global IPv4 address of their own. */
export class Witnesses {
  readonly #tools: WitnessTools
  readonly #wanted = new Map<string, WitnessedMember>()

  constructor(tools: WitnessTools) {
    this.#tools = tools
  }

  all(): WitnessedMember[] {
    return [...this.#wanted.values()]
  }

  /** Takes over what became known about a node. */
  onFacts(node: NodeId): WitnessChange {
    const networks = [...(this.#tools.state().networksOfNode.get(node)?.keys() ?? [])]
    return merge(networks.map((network) => this.#update(network, node)))
  }

  /** @param before the state before the entry, which knows what a deleted network had */
  onEntry(entry: Entry, before: State): WitnessChange {
    const changes = entry.events.map((event) => {
      switch (event.type) {
        case 'member-added':
        case 'member-key-certified':
        case 'member-removed':
          return this.#update(event.network, event.node)
        case 'network-deleted': {
          const members = [...(before.networks.get(event.id)?.members.keys() ?? [])]
          return merge(members.map((node) => this.#update(event.id, node)))
        }
        default:
          return NOTHING
      }
    })
    return merge(changes)
  }

  #update(network: NetworkId, node: NodeId): WitnessChange {
    const place = `${network} ${node}`
    const known = this.#wanted.get(place)
    // Of who is away it is worked out when it comes.
    if (!known && !this.#tools.presence.get(node)?.online) return NOTHING
    const publicKey = this.#keyToWitness(network, node)
    if (known?.publicKey === publicKey) return NOTHING
    if (publicKey) this.#wanted.set(place, { network, node, publicKey })
    else this.#wanted.delete(place)
    return {
      added: publicKey ? [{ network, node, publicKey }] : [],
      removed: known ? [known.publicKey] : [],
    }
  }

  #keyToWitness(network: NetworkId, node: NodeId): PublicKey | undefined {
    const { state, presence } = this.#tools
    const found = state().networks.get(network)
    const member = found?.members.get(node)
    if (!found || !member || found.topology === 'transit' || !presence.get(node)) return undefined
    const { families, direct } = memberReach(state(), presence, network, node)
    const hasDoor = direct.some((endpoint) => !endpoint.startsWith('['))
    return families.includes(4) && !hasDoor ? member.publicKey : undefined
  }
}

const NOTHING: WitnessChange = Object.freeze({ added: [], removed: [] })

function merge(changes: readonly WitnessChange[]): WitnessChange {
  return { added: changes.flatMap(({ added }) => added), removed: changes.flatMap(({ removed }) => removed) }
}
