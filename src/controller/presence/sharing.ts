import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { NodePresence, Presence } from './presence.ts'
import { parseSession, sessionText } from './shared-session.ts'

/** What replicas tell each other (log/redis/board.ts). */
export interface Board {
  put(key: string, text: string | undefined): void
  onOther(listener: (writer: string, key: string, text: string | undefined) => void): void
}

export interface SharingTools {
  readonly board: Board
  readonly presence: Presence
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Whether a node's session is here. */
  readonly isHere: (node: NodeId) => boolean
  /** Whether the agent of a node that is here has answered the latest that it is to be told of a network. */
  readonly hasAnswered: (node: NodeId, network: NetworkId) => boolean
  /** Members that are here and have not. */
  readonly unanswered: (network: NetworkId) => readonly NodeId[]
  /** Takes steps, and lets others have their turn in between where there are many. */
  readonly inTurns: (steps: Iterator<unknown, unknown>) => void
  /** Ends the session of a node, which has a newer one elsewhere. */
  readonly replaced: (node: NodeId) => void
  /** Something became known about a node. */
  readonly onFacts: (node: NodeId) => void
}

/** Milliseconds in which most agents answer what was pushed: of those nothing is said in between. */
const PATIENCE = 200

/**
 * Lets every replica know of the agents at the others: where they are, what they have applied, how their links stand; and
 * sees to it that a node is served by one of them only.
 */
export class Sharing {
  readonly #tools: SharingTools
  /** Numbers of the sessions here. */
  readonly #orders = new Map<NodeId, number>()
  /** Who has the session of a node that is not here, and its number. */
  readonly #holders = new Map<NodeId, { readonly writer: string; readonly order: number }>()
  /** Networks that were pushed in the last moment. */
  readonly #pushed = new Set<NetworkId>()
  /** Of which networks it was last not passed on what an agent has applied. */
  readonly #withheld = new Map<NodeId, ReadonlySet<NetworkId>>()

  constructor(tools: SharingTools) {
    this.#tools = tools
    tools.presence.onChange((node) => this.#tell(node))
    tools.presence.testimony.onWitness((relay, place, endpoint) => {
      // Who has the relay now says what it says: what it said before, when it was here, is taken back.
      tools.board.put(`w:${place} ${relay}`, tools.isHere(relay) ? endpoint : undefined)
    })
    tools.board.onOther((writer, key, text) => this.#hear(writer, key, text))
  }

  /** A session was opened here. */
  arrived(node: NodeId): void {
    const elsewhere = this.#holders.get(node)?.order ?? 0
    this.#orders.set(node, Math.max(this.#tools.clock.now(), elsewhere + 1))
    this.#holders.delete(node)
  }

  /**
   * Members here were sent what is new. What they said before is passed on no longer: others cannot know whether it is the
   * answer to that.
   */
  pushed(network: NetworkId): void {
    if (this.#pushed.size === 0) this.#tools.clock.after(PATIENCE, () => this.#tools.inTurns(this.#settle()))
    this.#pushed.add(network)
  }

  /** An agent that did not read at a push was sent the rest since: where there was none, no answer will come. */
  drained(node: NodeId): void {
    const networks = this.#withheld.get(node) ?? []
    if ([...networks].some((network) => this.#tools.hasAnswered(node, network))) this.#tell(node)
  }

  /**
   * Tells once of each that owes an answer, however often there is something new; and of whom nothing was due in the end, so
   * that no answer will come: whether anything is, is not known between a policy and its push. A step for each agent, and what
   * is said of it is what is so by then.
   */
  *#settle(): Generator<void, void> {
    const { unanswered, hasAnswered } = this.#tools
    const pushed = [...this.#pushed]
    this.#pushed.clear()
    for (const network of pushed) {
      for (const node of unanswered(network)) {
        if (this.#passesOn(node, network) && !hasAnswered(node, network)) this.#tell(node)
        yield
      }
    }
    for (const node of [...this.#withheld.keys()]) {
      this.drained(node)
      yield
    }
  }

  /** Whether others know from here that an agent has applied something. */
  #passesOn(node: NodeId, network: NetworkId): boolean {
    const { applied } = this.#tools.presence.standing(node, network)
    return applied !== undefined && !this.#withheld.get(node)?.has(network)
  }

  #tell(node: NodeId): void {
    const { board, presence, isHere } = this.#tools
    const known = presence.get(node)
    const order = this.#orders.get(node)
    if (order === undefined) return
    this.#withheld.delete(node)
    if (known && isHere(node)) return board.put(`n:${node}`, this.#textOf(node, order, known))
    this.#orders.delete(node)
    board.put(`n:${node}`, undefined)
  }

  #textOf(node: NodeId, order: number, known: NodePresence): string {
    const withheld = new Set<NetworkId>()
    const text = sessionText(order, known, (network) => {
      const isAnswer = this.#tools.hasAnswered(node, network)
      if (!isAnswer) withheld.add(network)
      return isAnswer
    })
    if (withheld.size > 0) this.#withheld.set(node, withheld)
    return text
  }

  #hear(writer: string, key: string, text: string | undefined): void {
    if (key.startsWith('n:')) this.#hearNode(writer, key.slice(2) as NodeId, text)
    else if (key.startsWith('w:')) this.#hearWitness(key.slice(2), text)
  }

  #hearNode(writer: string, node: NodeId, text: string | undefined): void {
    if (text === undefined) return this.#left(writer, node)
    const shared = parseSession(text)
    if (!shared) return
    const { presence, isHere, replaced, onFacts } = this.#tools
    if (isHere(node) && (this.#orders.get(node) ?? 0) >= shared.order) return
    if ((this.#holders.get(node)?.order ?? 0) > shared.order) return
    this.#holders.set(node, { writer, order: shared.order })
    if (isHere(node)) {
      this.#orders.delete(node)
      this.#withheld.delete(node)
      this.#tools.board.put(`n:${node}`, undefined)
      replaced(node)
    }
    const { at, report, standings } = shared
    presence.adopt(node, { online: true, lastSeenAt: at, report, standings })
    onFacts(node)
  }

  /** It counts only from who had the session last: an agent that moves leaves one replica after it has come to another. */
  #left(writer: string, node: NodeId): void {
    if (this.#holders.get(node)?.writer !== writer) return
    this.#holders.delete(node)
    if (!this.#tools.isHere(node)) this.#tools.presence.left(node, this.#tools.clock.now())
  }

  #hearWitness(key: string, endpoint: string | undefined): void {
    const [network, node, relay] = key.split(' ')
    if (!network || !node || !relay || endpoint === undefined) return
    const { presence, onFacts } = this.#tools
    if (
      presence.testimony.take(
        relay as NodeId,
        { network: network as NetworkId, node: node as NodeId },
        endpoint,
      )
    )
      onFacts(node as NodeId)
  }
}
