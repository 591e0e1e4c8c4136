import type { NetworkId } from '../model/names.ts'
import type { Head, Point, SelfContent, Signed } from '../protocol/content.ts'
import type { AgentFrameOf, ControllerFrameOf } from '../protocol/frames.ts'
import { isOlder } from './point.ts'

/** What a proof may hold: a frame of an agent has 64 KiB at most. */
const PROOF_LIMIT = 40_000

/** What the controller signed, and for which point of history. */
interface Proven {
  readonly proof: AgentFrameOf<'proof'>
  readonly at: Point
}

/** What a node can show of what it was told of one network: who is a member no more is told so as of that. */
export class Evidence {
  readonly #network: NetworkId
  /** Of the point at which we are, or of the last one before it that is not too long to be shown. */
  #head: Proven | undefined
  #hasHead = false
  #self: Proven | undefined
  #shownAt: Point | undefined

  constructor(network: NetworkId) {
    this.#network = network
  }

  takeSelf(at: SelfContent, { body, signature }: ControllerFrameOf<'self'>): void {
    this.#shownAt = undefined
    this.#self = { proof: { type: 'proof', kind: 'self', network: this.#network, body, signature }, at }
  }

  takeHead(at: Head, kind: 'head' | 'delta', { body, signature }: Signed): void {
    this.#shownAt = undefined
    this.#hasHead = true
    if (body.length > PROOF_LIMIT) return
    this.#head = { proof: { type: 'proof', kind, network: this.#network, body, signature }, at }
  }

  /** What proves the latest that can be shown. */
  show(): AgentFrameOf<'proof'> | undefined {
    const [head, self] = [this.#head, this.#self]
    // Of the own record the point may be a later one: it comes before the rest, or that was too long to be shown.
    const isSelfNewer = self !== undefined && (!head || isOlder(head.at, self.at))
    const shown = isSelfNewer ? self : head
    this.#shownAt = shown?.at
    return shown?.proof
  }

  /** What was shown last, until something new is taken. */
  get shownAt(): Point | undefined {
    return this.#shownAt
  }

  /** What the controller signed for the point at which we are, or for one before it. */
  get proof(): AgentFrameOf<'proof'> | undefined {
    return this.#hasHead ? this.#head?.proof : this.selfProof
  }

  /** What it signed of this node itself. */
  get selfProof(): AgentFrameOf<'proof'> | undefined {
    return this.#self?.proof
  }
}
