import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { PublicKey } from '../../keys/wireguard.ts'
import type { Entry } from '../../log/log.ts'
import type { State } from '../../model/state.ts'
import { witnessDigest } from '../../protocol/comparison.ts'
import { signWitnessList, type WitnessedMember } from '../../protocol/content.ts'
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
  /** What those are still to be told that did not read when it was due. */
  readonly #behind = new Map<Session, Missed>()

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
    const missed = this.#behind.get(session)
    this.#behind.delete(session)
    if (missed === 'all') this.#send(session, { whole: true, added: this.#all(session), removed: [] })
    else if (missed) this.#send(session, { whole: false, ...changeOf(missed) })
  }

  /** What a node has as a relay, by its digest; one that has something else is told the whole list. */
  compare(session: Session, digest: string | undefined): void {
    const added = this.#all(session)
    if (digest === witnessDigest(added.map(({ publicKey }) => publicKey))) return
    this.#send(session, { whole: true, added, removed: [] })
  }

  /** Nobody, for who is no relay any more. */
  #all(session: Session): WitnessedMember[] {
    return this.#sessions.has(session) ? this.#witnesses.all() : []
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

  /**
   * The list of a large fleet is longer than what an agent is sent that does not read, so it waits like content. It is not sent
   * again for what changes behind it: by that time more would have changed, and so on for as long as agents come.
   */
  #send(session: Session, change: Change): void {
    const missed = this.#behind.get(session)
    if (missed || session.isFull) {
      this.#behind.set(session, missedWith(missed, change))
      return
    }
    const signed = signWitnessList({ node: session.node, ...change }, this.#tools.signing)
    session.send({ type: 'witness', ...signed })
  }
}

type Change = WitnessChange & { readonly whole: boolean }

/** By key whom a relay is to be a witness of, or no more. */
type Missed = 'all' | ReadonlyMap<PublicKey, WitnessedMember | undefined>

/** Changes that are kept for a relay that does not read. */
const MOST_MISSED = 10_000

function missedWith(missed: Missed | undefined, { whole, added, removed }: Change): Missed {
  if (whole || missed === 'all' || (missed && missed.size > MOST_MISSED)) return 'all'
  const all = missed instanceof Map ? missed : new Map<PublicKey, WitnessedMember | undefined>()
  for (const key of removed) all.set(key, undefined)
  for (const member of added) all.set(member.publicKey, member)
  return all
}

function changeOf(missed: Exclude<Missed, 'all'>): WitnessChange {
  const removed = [...missed].flatMap(([key, member]) => (member ? [] : [key]))
  return { added: [...missed.values()].filter((member) => member !== undefined), removed }
}
