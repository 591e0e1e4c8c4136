import type { Clock } from '../clock.ts'
import type { WeftError } from '../errors.ts'
import type { NetworkId } from '../model/names.ts'
import type { AgentFrame, AppliedPosition, ResumePosition } from '../protocol/frames.ts'
import type { ContentFrame, Replica } from './replica.ts'

export interface DialogueTools {
  readonly clock: Clock
  /** Sends to the controller; does nothing while there is no session. */
  readonly send: (frame: AgentFrame) => void
}

/** Milliseconds for which an answer to `resync` is waited for before it is asked for again. */
const RESYNC_PATIENCE = 10_000

/** What a node says to the controller about the content of one network: what it has, what it refused, what it lacks. */
export class Dialogue {
  readonly #network: NetworkId
  readonly #replica: Replica
  readonly #tools: DialogueTools
  /** Monotonic; until then nothing is asked for again. */
  #resyncUntil = Number.NEGATIVE_INFINITY
  /** The same of a head: what came in its place may have been a change, as one happened meanwhile. */
  #headUntil = Number.NEGATIVE_INFINITY

  constructor(network: NetworkId, replica: Replica, tools: DialogueTools) {
    this.#network = network
    this.#replica = replica
    this.#tools = tools
  }

  /** A new session has begun, or all is compared: what was asked for and never came has to be asked for again. */
  restart(): void {
    this.#resyncUntil = Number.NEGATIVE_INFINITY
    this.#headUntil = Number.NEGATIVE_INFINITY
  }

  /** A frame was taken, and it may be what was asked for. */
  heard({ type }: ContentFrame): void {
    if (isRevision({ type })) this.#resyncUntil = Number.NEGATIVE_INFINITY
    if (type === 'current') this.#headUntil = Number.NEGATIVE_INFINITY
  }

  /** What was known at a position is carried out. @param took milliseconds */
  applied(position: AppliedPosition | undefined, took: number): void {
    if (position) this.#tools.send({ type: 'applied', ...position, took })
  }

  /** Shows from where this node has what it has. */
  prove(): void {
    const proof = this.#replica.show()
    if (proof) this.#tools.send(proof)
  }

  refuse(code: WeftError['code'], reason: string): void {
    const { epoch, revision } = this.#replica.position() ?? { epoch: 0, revision: 0 }
    const text = reason.slice(0, 500)
    this.#tools.send({ type: 'refused', network: this.#network, epoch, revision, code, reason: text })
  }

  /** A frame that is refused changed nothing. Something older than we have may mean that the log went back. */
  decline(frame: ContentFrame, { code, message }: WeftError): void {
    this.refuse(code, message)
    if (code === 'digest-mismatch') this.#resync(undefined)
    if (code !== 'stale-revision') return
    const proof = frame.type === 'self' ? this.#replica.selfProof : this.#replica.proof
    if (proof) this.#tools.send(proof)
  }

  /** Something was missed: to go on from what is here. */
  goOn(): void {
    this.#resync(this.#replica.resumePosition())
  }

  /** Asks for a head that vouches for all that is here. */
  askForHead(): void {
    const position = this.#replica.resumePosition()
    const now = this.#tools.clock.monotonic()
    if (now < this.#headUntil || !position) return
    this.#headUntil = now + RESYNC_PATIENCE
    this.#tools.send({ type: 'resync', network: this.#network, position })
  }

  /** @param from where to go on from; undefined to begin anew */
  #resync(from: ResumePosition | undefined): void {
    const now = this.#tools.clock.monotonic()
    if (now < this.#resyncUntil) return
    this.#resyncUntil = now + RESYNC_PATIENCE
    this.#tools.send({ type: 'resync', network: this.#network, ...(from && { position: from }) })
  }
}

/** Whether a frame says at which revision the network is. */
export function isRevision({ type }: Pick<ContentFrame, 'type'>): boolean {
  return type === 'snapshot' || type === 'delta' || type === 'current'
}
