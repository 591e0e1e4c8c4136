import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import type { Address } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import { ECHO_PORT } from './echo.ts'
import type { RelayHealth } from './surroundings.ts'

/** UDP port from which probes are sent, and to which the firewall of the transit lets their answers in. */
export const PROBE_PORT = 51_818

export interface ProbedRelay {
  readonly node: NodeId
  /** Where it answers. */
  readonly address: Address
}

/** Milliseconds between probes of a relay. */
const INTERVAL = 500
/** Probes without an answer after which a relay counts as dead, and answers after which it counts as alive again. */
const MISSES = 3
const ANSWERS = 3
/** The share of the latest measurement in the round trip (RFC 6298 section 2). */
const SHARE = 1 / 8

interface Watched extends ProbedRelay {
  nonce: string
  sentAt: number
  answered: boolean
  misses: number
  answers: number
  alive: boolean
  rtt: number | undefined
}

/** Asks relays for an echo, twice a second, and tells when one dies, comes back, or is clearly nearer or farther. */
export class Prober {
  readonly #onChange: (node: NodeId, health: RelayHealth) => void
  readonly #watched = new Map<NodeId, Watched>()
  readonly #socket: Socket
  readonly #timer: NodeJS.Timeout

  constructor(onChange: (node: NodeId, health: RelayHealth) => void) {
    this.#onChange = onChange
    this.#socket = createSocket('udp6').on('message', (bytes) => this.#hear(bytes.toString('hex')))
    this.#socket.on('error', () => undefined)
    this.#socket.bind(PROBE_PORT).unref()
    this.#timer = setInterval(() => this.#beat(), INTERVAL)
    this.#timer.unref()
  }

  /** These relays and no others. */
  watch(relays: readonly ProbedRelay[]): void {
    for (const node of this.#watched.keys()) if (!relays.some((relay) => relay.node === node)) this.#watched.delete(node)
    for (const relay of relays) {
      const known = this.#watched.get(relay.node)
      if (known?.address !== relay.address) this.#watched.set(relay.node, { ...relay, ...UNKNOWN })
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#socket.close()
  }

  #beat(): void {
    for (const relay of this.#watched.values()) {
      if (relay.nonce !== '' && !relay.answered) this.#miss(relay)
      const nonce = randomBytes(8)
      Object.assign(relay, { nonce: nonce.toString('hex'), sentAt: performance.now(), answered: false })
      this.#socket.send(nonce, ECHO_PORT, relay.address, () => undefined)
    }
  }

  #miss(relay: Watched): void {
    relay.misses += 1
    relay.answers = 0
    if (relay.misses < MISSES || !relay.alive) return
    relay.alive = false
    this.#tell(relay)
  }

  #hear(nonce: string): void {
    const relay = [...this.#watched.values()].find((each) => each.nonce === nonce && !each.answered)
    if (!relay) return
    const taken = performance.now() - relay.sentAt
    const before = relay.rtt
    relay.rtt = before === undefined ? taken : before + (taken - before) * SHARE
    Object.assign(relay, { answered: true, misses: 0, answers: relay.answers + 1 })
    const isBack = !relay.alive && relay.answers >= ANSWERS
    if (isBack) relay.alive = true
    if (isBack || before === undefined) this.#tell(relay)
  }

  #tell({ node, alive, rtt }: Watched): void {
    this.#onChange(node, { alive, rtt })
  }
}

const UNKNOWN = { nonce: '', sentAt: 0, answered: false, misses: 0, answers: 0, alive: true, rtt: undefined }
