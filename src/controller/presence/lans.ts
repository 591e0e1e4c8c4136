import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import type { Hint } from '../../protocol/frames.ts'
import { lanPlacesOf } from '../../topology/lan.ts'
import type { Class, Regime } from '../../topology/policy/regime.ts'
import { LanNetwork, type LanNetworkTools } from './lan-network.ts'
import type { LanStep, LanTold } from './lan-told.ts'
import type { Presence } from './presence.ts'
import { factsOf, overlaysOf } from './surroundings.ts'

export interface LansTools extends Pick<LanNetworkTools, 'count'> {
  readonly state: () => State
  readonly presence: Presence
  /** By what is decided who sees whom, and of which class a member is for that. */
  readonly regime: (network: NetworkId) => Regime | undefined
  readonly classOf: (network: NetworkId, node: NodeId) => Class | undefined
  /** How a member can be reached itself, where it does not hear that with all others. */
  readonly own: (network: NetworkId, node: NodeId) => Hint | undefined
}

/**
 * Who shares a LAN with whom in each network. Private endpoints go to those on the same LAN that may know of each other, and
 * to nobody else.
 */
export class Lans {
  readonly #tools: LansTools
  readonly #networks = new Map<NetworkId, LanNetwork>()

  constructor(tools: LansTools) {
    this.#tools = tools
  }

  /** Takes over where a member is now, and what it may see. Gives who has to be told. */
  update(network: NetworkId, node: NodeId): readonly NodeId[] {
    // While nobody was told anything of it, who asks will have all.
    const isMember = this.#tools.state().networks.get(network)?.members.has(node) === true
    return this.#networks.get(network)?.update(node, isMember) ?? []
  }

  /** There is another policy: who sees whom is another. */
  renew(network: NetworkId): void {
    const regime = this.#tools.regime(network)
    if (regime) this.#networks.get(network)?.renew(regime)
  }

  /** A member can be reached like this, and is told so apart from all others. Whether that is news. */
  renewOwn(network: NetworkId, node: NodeId, hint: Hint): boolean {
    return this.#networks.get(network)?.renewOwn(node, hint) ?? false
  }

  /** The network is gone. */
  forget(network: NetworkId): void {
    this.#networks.delete(network)
  }

  /** What a viewer alone, or all who are where it is, are to be told. @param readsParts see `hello` in frames.ts */
  follow(network: NetworkId, viewer: NodeId, told: LanTold, readsParts: boolean): LanStep {
    const lans = this.#of(network)
    if (!lans) return { told }
    return readsParts ? lans.follow(viewer, told) : lans.followWhole(viewer, told)
  }

  #placesOf(network: NetworkId, node: NodeId) {
    const { state, presence } = this.#tools
    if (!presence.get(node)) return []
    return lanPlacesOf(factsOf(state(), presence, network, node), overlaysOf(state(), node))
  }

  #of(id: NetworkId): LanNetwork | undefined {
    const known = this.#networks.get(id)
    if (known) return known
    const { state, classOf, own, count } = this.#tools
    const [network, regime] = [state().networks.get(id), this.#tools.regime(id)]
    if (!network || !regime) return undefined
    const fresh = new LanNetwork(network.members.keys(), regime, {
      id,
      count,
      placesOf: (node) => this.#placesOf(id, node),
      classOf: (node) => classOf(id, node),
      own: (node) => own(id, node),
    })
    this.#networks.set(id, fresh)
    return fresh
  }
}
