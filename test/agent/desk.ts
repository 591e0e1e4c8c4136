import { Pathfinder, type Step } from '../../src/agent/pathfinder.ts'
import type { Sighting } from '../../src/agent/paths/sighting.ts'
import type { Choice } from '../../src/agent/paths/stand.ts'
import type { NodeId } from '../../src/keys/identity.ts'
import type { Candidate, PathKind } from '../../src/topology/reach.ts'
import type { Endpoint } from '../../src/wireguard/device.ts'
import { nodeId } from '../protocol/samples.ts'

export const peer = nodeId(2)
export const relay = nodeId(101)
export const spareRelay = nodeId(102)

export const lan = candidate('lan', '10.0.0.2:1')
export const direct = candidate('direct', '192.0.2.2:2')
export const punched: Candidate = { ...candidate('punched', '198.51.100.2:3'), keepalive: 25 }
export const relayed = candidate('relayed', '[fd00::2]:4', relay)
export const spare = candidate('relayed', '[fd00::3]:4', spareRelay)
/** The other end has to come to us. */
export const waiting: Candidate = { ...direct, endpoint: undefined }

export function candidate(kind: PathKind, endpoint: string, via?: NodeId): Candidate {
  return { kind, endpoint: endpoint as Endpoint, via, keepalive: 0, mtu: kind === 'relayed' ? 1_280 : 1_420 }
}

/** 2023-11-14, in ms. */
const EPOCH = 1_700_000_000_000

/** WireGuard makes a new session after 120 s when there is something to send (Rekey-After-Time). */
const REKEY = 120_000

/** A pathfinder with one peer, and what its device says as far as the test has it say. */
export class Desk {
  readonly finder = new Pathfinder({
    own: nodeId(1),
    classify: () => ({ kind: 'direct', via: undefined }),
  })
  now = 0
  /** Milliseconds by which somebody has set the clock that dates handshakes. */
  clockOff = 0
  #shakenAt = Number.NEGATIVE_INFINITY
  device: Sighting = { endpoint: undefined, latestHandshake: 0, rxBytes: 0, txBytes: 0 }

  constructor(...candidates: Candidate[]) {
    this.finder.offer(peer, candidates)
  }

  /** The other end has been heard on its first candidate. */
  static on(...candidates: Candidate[]): Desk {
    const desk = new Desk(...candidates)
    desk.look(0)
    desk.shake()
    desk.look(100)
    return desk
  }

  get choice(): Choice | undefined {
    return this.finder.choice(peer)
  }

  /** Looks after `wait` ms, and carries out what comes of it. */
  look(wait: number): Step {
    this.now += wait
    const step = this.finder.look({ now: this.now, utc: this.#utc }, [[peer, this.device]])
    const endpoint = step.changed.get(peer)?.endpoint
    if (endpoint) this.device = { ...this.device, endpoint }
    return step
  }

  /** Looks whenever that is due, for `length` ms, after `before` and before `heed`. */
  pass(
    length: number,
    before: () => void = () => undefined,
    heed: (step: Step) => void = () => undefined,
  ): void {
    for (const end = this.now + length; this.now < end; ) {
      before()
      const step = this.look(0)
      heed(step)
      this.now += Math.min(step.next, end - this.now)
    }
  }

  shake(endpoint = this.device.endpoint): void {
    this.device = { ...this.device, endpoint, latestHandshake: Math.floor(this.#utc / 1_000) }
    this.#shakenAt = this.now
    this.receive(92)
  }

  /** Carries out the knocks of a step, each of which makes the device send. */
  knock({ knocks }: Step): void {
    if (knocks.length > 0) this.send(148)
  }

  receive(bytes = 100, endpoint = this.device.endpoint): void {
    this.device = { ...this.device, endpoint, rxBytes: this.device.rxBytes + bytes }
  }

  send(bytes = 100): void {
    this.device = { ...this.device, txBytes: this.device.txBytes + bytes }
  }

  /** Packets go and come, if the device sends by a path that works. */
  talk(...working: Candidate[]): void {
    this.send()
    if (!working.some(({ endpoint }) => endpoint === this.device.endpoint)) return
    if (this.now - this.#shakenAt > REKEY) this.shake()
    else this.receive()
  }

  get #utc(): number {
    return EPOCH + this.now + this.clockOff
  }
}
