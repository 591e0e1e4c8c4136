import { Pathfinder } from '../../src/agent/pathfinder.ts'
import type { NodeId } from '../../src/keys/identity.ts'
import type { ObservedPath } from '../../src/topology/observed.ts'
import type { Candidate, PathKind } from '../../src/topology/reach.ts'
import type { Endpoint } from '../../src/wireguard/device.ts'
import { nodeId } from '../protocol/samples.ts'

/** A way between the two hosts of a simulation. */
export interface Way {
  readonly kind: PathKind
  readonly via?: NodeId
  /** Which of the two gets no endpoint of the other, so that it has to wait. */
  readonly waits?: 0 | 1
  /** Whether a packet of this host gets through at this instant (ms). */
  works(from: 0 | 1, now: number): boolean
  /** Whether this host finds the relay dead. */
  isRelayDead?(self: 0 | 1, now: number): boolean
}

/** WireGuard's own times in ms: Rekey-Timeout, Rekey-Attempt-Time, Reject-After-Time (section 6.1 of its paper). */
const REKEY = 5_000
const GIVE_UP = 90_000
const SESSION = 180_000
/** For so long the translation of a host lets in answers to what it let out (nf_conntrack_udp_timeout). */
const HOLE = 30_000
const TICK = 100
const EPOCH = 1_700_000_000_000

interface Host {
  readonly self: 0 | 1
  readonly finder: Pathfinder
  endpoint: Endpoint | undefined
  latestHandshake: number
  rxBytes: number
  txBytes: number
  initiatedAt: number
  wantsSince: number
  nextLook: number
  /** Milliseconds; 0 is off. */
  keepalive: number
  lastPacket: number
  /** How often its pathfinder made the device send elsewhere. */
  moves: number
}

/** Two hosts with one peer each, as WireGuard behaves: sessions, handshakes, roaming; and the network between them. */
export class Simulation {
  readonly hosts: readonly [Host, Host]
  readonly #ways: readonly Way[]
  readonly #opened = new Map<string, number>()
  #now = 0
  #session = Number.NEGATIVE_INFINITY
  sent = 0
  answered = 0

  /** @param skew milliseconds by which the second host starts later, and by which its clock is wrong */
  constructor(ways: readonly Way[], skew = 0) {
    this.#ways = ways
    this.hosts = [this.#host(0, 0), this.#host(1, skew)]
    for (const { self, finder } of this.hosts) finder.offer(nodeOf(other(self)), this.candidates(self))
  }

  get now(): number {
    return this.#now
  }

  candidates(self: 0 | 1): Candidate[] {
    return this.#ways.map((way, at) => ({
      kind: way.kind,
      via: way.via,
      endpoint: way.waits === self ? undefined : endpointOf(at, other(self)),
      keepalive: way.kind === 'punched' || way.waits === other(self) ? 25 : 0,
      mtu: 1_420,
    }))
  }

  /** Lets time pass. @param every milliseconds between two packets of each host, which the other answers; 0: none */
  run(length: number, every = 500): void {
    for (const end = this.#now + length; this.#now < end; this.#now += TICK) {
      for (const host of this.hosts) if (host.wantsSince + GIVE_UP > this.#now) this.#initiate(host)
      for (const host of this.hosts) if (this.#now >= host.nextLook) this.#look(host)
      for (const host of this.hosts) this.#keepAlive(host)
      if (every > 0 && this.#now % every === 0) for (const { self } of this.hosts) this.#count(this.ask(self))
    }
  }

  /** The way the device of a host sends by. */
  wayOf(self: 0 | 1): Way | undefined {
    const { endpoint } = this.hosts[self]
    return this.#ways.find((_, at) => endpointOf(at, other(self)) === endpoint)
  }

  /** Sends a packet that the other answers, and says whether the answer came. */
  ask(self: 0 | 1): boolean {
    return this.#send(self, 100) && this.#send(other(self), 100)
  }

  /** Whether packets pass on the way both ways at this instant. */
  isGood(way: Way): boolean {
    return way.works(0, this.#now) && way.works(1, this.#now)
  }

  #count(isAnswered: boolean): void {
    this.sent += 1
    if (isAnswered) this.answered += 1
  }

  #look(host: Host): void {
    const { finder, self } = host
    const dead = this.#ways.filter(({ via, isRelayDead }) => via && isRelayDead?.(self, this.#now))
    finder.setDeadRelays(new Set(dead.flatMap(({ via }) => via ?? [])))
    const moment = { now: this.#now, utc: EPOCH + this.#now }
    const { changed, knocks, next } = finder.look(moment, [[nodeOf(other(self)), { ...host }]])
    for (const { endpoint, keepalive } of changed.values()) {
      host.keepalive = keepalive * 1_000
      if (!endpoint || endpoint === host.endpoint) continue
      host.endpoint = endpoint
      host.moves += 1
    }
    for (const _ of knocks) this.ask(self)
    host.nextLook = this.#now + next
  }

  #send(self: 0 | 1, bytes: number): boolean {
    const host = this.hosts[self]
    if (this.#now >= this.#session + SESSION) {
      host.wantsSince = this.#now
      this.#initiate(host)
    }
    return this.#now < this.#session + SESSION && this.#transmit(host, bytes)
  }

  #keepAlive({ self, keepalive, lastPacket }: Host): void {
    if (keepalive > 0 && this.#now >= lastPacket + keepalive) this.#send(self, 32)
  }

  #initiate(host: Host): void {
    if (this.#now < this.#session + SESSION || this.#now < host.initiatedAt + REKEY) return
    host.initiatedAt = this.#now
    const responder = this.hosts[other(host.self)]
    if (!this.#transmit(host, 148) || !this.#transmit(responder, 92)) return
    this.#session = this.#now
    for (const each of this.hosts) {
      each.latestHandshake = Math.floor((EPOCH + this.#now) / 1_000)
      each.wantsSince = Number.NEGATIVE_INFINITY
    }
    this.#transmit(host, 32)
  }

  #transmit(host: Host, bytes: number): boolean {
    const receiver = this.hosts[other(host.self)]
    const at = this.#ways.findIndex((_, index) => endpointOf(index, receiver.self) === host.endpoint)
    const way = this.#ways[at]
    host.lastPacket = this.#now
    if (host.endpoint) host.txBytes += bytes
    if (!way) return false
    this.#opened.set(`${at} ${host.self}`, this.#now)
    const opened = this.#opened.get(`${at} ${receiver.self}`) ?? Number.NEGATIVE_INFINITY
    if (!way.works(host.self, this.#now) || (way.kind === 'punched' && opened + HOLE < this.#now))
      return false
    receiver.rxBytes += bytes
    receiver.lastPacket = this.#now
    receiver.endpoint = endpointOf(at, host.self)
    return true
  }

  #classify(endpoint: Endpoint): ObservedPath {
    const way = this.#ways[Number(endpoint.split(':')[1]) - 1]
    return { kind: way?.kind ?? 'none', via: way?.via }
  }

  #host(self: 0 | 1, nextLook: number): Host {
    const long = Number.NEGATIVE_INFINITY
    const finder = new Pathfinder({
      own: nodeOf(self),
      classify: (_, endpoint) => this.#classify(endpoint),
    })
    const counters = { latestHandshake: 0, rxBytes: 0, txBytes: 0, moves: 0, keepalive: 0, lastPacket: 0 }
    return { self, finder, endpoint: undefined, ...counters, initiatedAt: long, wantsSince: long, nextLook }
  }
}

export function nodeOf(self: 0 | 1): NodeId {
  return nodeId(self + 1)
}

/** Where a host is reached on a way. */
function endpointOf(way: number, host: 0 | 1): Endpoint {
  return `192.0.2.${host + 1}:${way + 1}` as Endpoint
}

function other(self: 0 | 1): 0 | 1 {
  return self === 0 ? 1 : 0
}
