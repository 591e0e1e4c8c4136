import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { Entry } from '../../log/log.ts'
import type { State } from '../../model/state.ts'
import { witnessDigest } from '../../protocol/comparison.ts'
import { signWitnessList } from '../../protocol/content.ts'
import { type WitnessChange, Witnesses, type WitnessTools } from '../presence/witnesses.ts'
import type { Session } from './session.ts'

export interface RelaysTools extends WitnessTools {
  readonly signing: SigningKey
}

/** What connected relays are told of those they are to be witnesses of. */
export class Relays {
  readonly #tools: RelaysTools
  readonly #isCurrent: (session: Session) => boolean
  readonly #witnesses: Witnesses
  /** Few, and asked for whenever anything becomes known about any node. */
  readonly #sessions = new Set<Session>()
  /** Those that did not read when there was something to tell: they are told the whole list when they do. */
  readonly #behind = new Set<Session>()

  /** @param isCurrent whether no newer session has taken the place of this one */
  constructor(tools: RelaysTools, isCurrent: (session: Session) => boolean) {
    this.#tools = tools
    this.#isCurrent = isCurrent
    this.#witnesses = new Witnesses(tools)
  }

  /** Tells the whole list, if the node is a relay. */
  instruct(session: Session): void {
    if (!this.#tools.state().nodes.get(session.node)?.roles.includes('relay')) return this.forget(session)
    this.#sessions.add(session)
    this.#send(session, { whole: true, added: this.#witnesses.all(), removed: [] })
  }

  forget(session: Session): void {
    this.#sessions.delete(session)
    this.#behind.delete(session)
  }

  /** The agent reads again. */
  drained(session: Session): void {
    if (this.#behind.delete(session)) this.instruct(session)
  }

  /** What a node has as a relay, by its digest; one that has something else is told the whole list. */
  compare(session: Session, digest: string | undefined): void {
    const added = this.#sessions.has(session) ? this.#witnesses.all() : []
    if (digest === witnessDigest(added.map(({ publicKey }) => publicKey))) return
    this.#send(session, { whole: true, added, removed: [] })
  }

  /** @param before the state before the entry */
  onEntry(entry: Entry, before: State): void {
    this.#tell(this.#witnesses.onEntry(entry, before))
  }

  onFacts(node: NodeId): void {
    this.#tell(this.#witnesses.onFacts(node))
  }

  #tell(change: WitnessChange): void {
    if (change.added.length + change.removed.length === 0) return
    for (const session of this.#sessions)
      if (this.#isCurrent(session)) this.#send(session, { whole: false, ...change })
  }

  /** The list of a large fleet is longer than what an agent is sent that does not read, so it waits like content. */
  #send(session: Session, change: WitnessChange & { readonly whole: boolean }): void {
    if (this.#behind.has(session)) return
    if (session.isFull) {
      this.#behind.add(session)
      return
    }
    const signed = signWitnessList({ node: session.node, ...change }, this.#tools.signing)
    session.send({ type: 'witness', ...signed })
  }
}
