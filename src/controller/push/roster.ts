import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Session } from './session.ts'

const NOBODY: ReadonlySet<Session> = new Set()

/** Which sessions there are, and which of them are told of a network. */
export class Roster {
  /** The one of each node that counts: the latest. */
  readonly #latest = new Map<NodeId, Session>()
  /** All whose socket has not closed yet. */
  readonly #open = new Set<Session>()
  readonly #members = new Map<NetworkId, Set<Session>>()
  /** The networks in whose `#members` a session is. */
  readonly #networks = new Map<Session, Set<NetworkId>>()

  /** From now on it counts, and no earlier one of the node does. */
  add(session: Session): void {
    this.#latest.set(session.node, session)
    this.#open.add(session)
  }

  /** The socket has closed. Whether it was the one of its node that counts. */
  remove(session: Session): boolean {
    this.#open.delete(session)
    for (const network of this.#networks.get(session) ?? []) this.#drop(network, session)
    this.#networks.delete(session)
    return this.#latest.get(session.node) === session && this.#latest.delete(session.node)
  }

  /** The one of a node that counts. */
  get(node: NodeId): Session | undefined {
    return this.#latest.get(node)
  }

  /** None of the node counts here any more. Gives the one that did. */
  dismiss(node: NodeId): Session | undefined {
    const session = this.#latest.get(node)
    this.#latest.delete(node)
    return session
  }

  /** Those that count, by node. */
  get latest(): ReadonlyMap<NodeId, Session> {
    return this.#latest
  }

  get open(): ReadonlySet<Session> {
    return this.#open
  }

  /** Those that are told of a network. */
  membersOf(network: NetworkId): ReadonlySet<Session> {
    return this.#members.get(network) ?? NOBODY
  }

  subscribe(network: NetworkId, session: Session): void {
    addTo(this.#members, network, session)
    addTo(this.#networks, session, network)
  }

  unsubscribe(network: NetworkId, session: Session): void {
    this.#drop(network, session)
    this.#networks.get(session)?.delete(network)
  }

  #drop(network: NetworkId, session: Session): void {
    const sessions = this.#members.get(network)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#members.delete(network)
  }
}

function addTo<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value))
}
