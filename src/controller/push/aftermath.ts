import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Entry } from '../../log/log.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import type { Presence } from '../presence/presence.ts'
import { REFUSED } from './close-codes.ts'
import type { Feeds } from './feeds.ts'
import { leavingPoint } from './member-frames.ts'
import type { Relays } from './relays.ts'
import type { Roster } from './roster.ts'
import type { Session } from './session.ts'

export interface AftermathTools {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly presence: Presence
  readonly feeds: Feeds
  readonly roster: Roster
  readonly relays: Relays
  /** Tells the members of a network what is new, in turns. */
  readonly tell: (network: NetworkId) => void
}

/** What an entry of the log means for those who are connected, beside what feeds tell them. */
export class Aftermath {
  readonly #tools: AftermathTools

  constructor(tools: AftermathTools) {
    this.#tools = tools
  }

  onEntry(entry: Entry, before: State, state: State): void {
    for (const event of entry.events) this.#onEvent(event, before, state)
    this.#tools.relays.onEntry(entry, before)
  }

  #onEvent(event: Event, before: State, state: State): void {
    const { presence, roster, relays, tell } = this.#tools
    switch (event.type) {
      case 'member-added':
        this.#joined(event.node, event.network)
        break
      case 'member-removed': {
        const session = roster.get(event.node)
        presence.forgetMember(event.node, event.network)
        if (session) this.#unsubscribe(event.network, session, state)
        break
      }
      case 'network-deleted':
        for (const node of before.networks.get(event.id)?.members.keys() ?? [])
          presence.forgetMember(node, event.id)
        for (const session of roster.membersOf(event.id)) this.#unsubscribe(event.id, session, state)
        break
      case 'node-removed':
        presence.forget(event.id)
        this.#dropWitness(event.id)
        roster.get(event.id)?.close(REFUSED, 'this node was removed')
        break
      case 'node-roles-set': {
        if (!event.roles.includes('relay')) this.#dropWitness(event.id)
        const session = roster.get(event.id)
        if (session) relays.instruct(session)
        break
      }
      case 'epoch-raised':
        for (const id of state.networks.keys()) tell(id)
        break
      default:
    }
  }

  #joined(node: NodeId, network: NetworkId): void {
    const session = this.#tools.roster.get(node)
    if (!session) return
    this.#tools.roster.subscribe(network, session)
    session.added(network, this.#tools.clock.monotonic())
  }

  /** A node that is no relay any more is not believed any more either. */
  #dropWitness(relay: NodeId): void {
    for (const { network, node } of this.#tools.presence.testimony.drop(relay))
      this.#tools.feeds.onFacts(node, network)
  }

  #unsubscribe(network: NetworkId, session: Session, state: State): void {
    this.#tools.roster.unsubscribe(network, session)
    session.removed(network, leavingPoint(state, network))
  }
}
