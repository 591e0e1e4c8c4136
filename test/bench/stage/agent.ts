import { type Connection, dial } from '../../../src/agent/dial.ts'
import type { Enrolment } from '../../../src/agent/home.ts'
import { Replica } from '../../../src/agent/replica.ts'
import type { Identity } from '../../../src/keys/identity.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import { claimedNetwork } from '../../../src/protocol/content.ts'
import {
  type AgentFrame,
  type ControllerFrame,
  type ControllerFrameOf,
  encodeFrame,
  type Facts,
  type NetworkPosition,
  type ResumePosition,
} from '../../../src/protocol/frames.ts'
import { factsOf, identityOf } from './population.ts'
import { SharedNetwork } from './shared.ts'

/** What the agents of one process share. */
export interface Company {
  readonly enrolment: Enrolment
  readonly networks: Map<NetworkId, SharedNetwork>
  /** Of frames behind the welcome. */
  bytes: number
  /** The last frames of their kinds, for the floor to send the same. */
  readonly last: { delta?: ControllerFrame; snapshot?: ControllerFrame }
}

interface Place {
  /** Own key and place are this agent's alone, so each verifies and unseals them for itself. */
  readonly replica: Replica
  position: NetworkPosition | undefined
}

/**
 * An agent without WireGuard: connection, handshake, frames and signatures are those of src/agent. It has told its
 * addresses, keeps its positions, acknowledges, and comes back when it is told to.
 */
export class SimulatedAgent {
  readonly #identity: Identity
  readonly #index: number
  /** Hints come to all alike; one of each company takes them in. */
  readonly #isScout: boolean
  readonly #company: Company
  readonly #places = new Map<NetworkId, Place>()
  #connection: Connection | undefined
  #acknowledged = Promise.withResolvers<void>()
  #left = Promise.withResolvers<void>()
  #told = 0
  #attempts = 0

  constructor(index: number, company: Company, isScout: boolean) {
    this.#identity = identityOf(index)
    this.#company = company
    this.#index = index
    this.#isScout = isScout
  }

  /** Opens a session, and goes on from the positions it has. Resolves behind the welcome. */
  async connect(): Promise<void> {
    const { enrolment } = this.#company
    this.#acknowledged = Promise.withResolvers()
    this.#left = Promise.withResolvers()
    const networks = [...this.#places.keys()]
      .map((network) => this.#resumePosition(network))
      .filter((position) => position !== undefined)
    this.#told = networks.length
    const greeting = { networks, facts: this.#allFacts() }
    const tools = { identity: this.#identity, random: systemRandom, allowPlain: false }
    // As real ones do, it goes on to the next controller when it has lost one, or does not get in.
    const url = enrolment.urls[this.#attempts++ % enrolment.urls.length] ?? ''
    this.#connection = await dial(url, enrolment, greeting, tools)
    const { socket } = this.#connection
    socket.on('message', (data: Buffer) => {
      this.#company.bytes += data.length
    })
    this.#serve(this.#connection).catch(() => this.#left.resolve())
  }

  /** When it acknowledged something in this session for the first time. */
  get acknowledged(): Promise<void> {
    return this.#acknowledged.promise
  }

  /** When the session was over. */
  get left(): Promise<void> {
    return this.#left.promise
  }

  /** Stands where the others of this process do, as if it had been told the same before. */
  assume(network: NetworkId): void {
    const position = this.#company.networks.get(network)?.position
    if (position) this.#place(network).position = bare(position)
  }

  close(): void {
    this.#connection?.socket.terminate()
  }

  async #serve({ stream }: Connection): Promise<never> {
    for (;;) this.#take(await stream.next())
  }

  #take(frame: ControllerFrame): void {
    switch (frame.type) {
      case 'self':
        return this.#takeSelf(frame)
      case 'snapshot':
      case 'current':
      case 'delta':
        return this.#takeContent(frame)
      case 'hints':
        if (this.#isScout) this.#shared(frame.network as NetworkId).takeHints(frame)
        return
      default:
    }
  }

  /** With what it was told of the others' places, if it stands where its company does. */
  #resumePosition(network: NetworkId): ResumePosition | undefined {
    const { position } = this.#place(network)
    const shared = this.#shared(network).position
    return position && position.digest === shared?.digest ? shared : position
  }

  #takeSelf(frame: ControllerFrameOf<'self'>): void {
    const network = claimedNetwork(frame)
    this.#place(network).replica.takeSelf(frame)
    this.#acknowledge(network)
  }

  #takeContent(frame: ControllerFrameOf<'snapshot' | 'current' | 'delta'>): void {
    const network = claimedNetwork(frame)
    const place = this.#place(network)
    const shared = this.#shared(network)
    if (frame.type === 'delta') {
      this.#keep('delta', frame)
      const { head, from } = shared.delta(frame)
      if (from !== place.position?.revision) return this.#send({ type: 'resync', network })
      place.position = { network, epoch: head.epoch, revision: head.revision, digest: head.digest }
    } else {
      if (frame.type === 'snapshot') this.#keep('snapshot', frame)
      const { epoch, revision, digest } =
        frame.type === 'snapshot' ? shared.snapshot(frame) : shared.current(frame)
      if (frame.type === 'current' && digest !== place.position?.digest)
        return this.#send({ type: 'resync', network })
      place.position = { network, epoch, revision, digest }
    }
    this.#acknowledge(network)
  }

  #keep(kind: 'delta' | 'snapshot', frame: ControllerFrame): void {
    this.#company.last[kind] = frame
  }

  /** An agent also says its port as soon as it has one. */
  #acknowledge(network: NetworkId): void {
    const position = this.#places.get(network)?.position
    if (!position) return
    this.#send({ type: 'applied', ...position, took: 1 })
    if (this.#told < this.#places.size) {
      this.#told = this.#places.size
      this.#send({ type: 'facts', facts: this.#allFacts() })
    }
    this.#acknowledged.resolve()
  }

  #allFacts(): Facts {
    return factsOf(this.#index, this.#places.keys())
  }

  #place(network: NetworkId): Place {
    const known = this.#places.get(network)
    if (known) return known
    const replica = new Replica(network, this.#identity, this.#company.enrolment.controllerKey)
    const fresh = { replica, position: undefined }
    this.#places.set(network, fresh)
    return fresh
  }

  #shared(network: NetworkId): SharedNetwork {
    const { networks, enrolment } = this.#company
    const known = networks.get(network)
    if (known) return known
    const fresh = new SharedNetwork(enrolment.controllerKey)
    networks.set(network, fresh)
    return fresh
  }

  #send(frame: AgentFrame): void {
    const { socket } = this.#connection ?? {}
    if (socket?.readyState === socket?.OPEN) socket?.send(encodeFrame(frame))
  }
}

function bare({ network, epoch, revision, digest }: NetworkPosition): NetworkPosition {
  return { network, epoch, revision, digest }
}
