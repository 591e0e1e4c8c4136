import { createSocket, type Socket } from 'node:dgram'
import type { Address } from '../address/cidr.ts'
import type { Clock } from '../clock.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Random } from '../keys/random.ts'

/** A relay to be watched. */
export interface ProbeTarget {
  readonly node: NodeId
  /** Where its echo is, in the transit. */
  readonly address: Address
  /** Links depend on it: its death is found within 2 s. Otherwise it is asked now and then. */
  readonly isClose: boolean
}

export interface Health {
  /** A relay is taken to be alive until it proves dead. */
  readonly alive: boolean
  /** Smoothed round trip in milliseconds; undefined while not measured, and when dead. */
  readonly rtt: number | undefined
}

export interface ProberOptions {
  /** UDP port of the echoes. */
  readonly port: number
  /** Own UDP port, which the firewall of the transit knows; 0 takes any. */
  readonly ownPort: number
  readonly clock: Clock
  readonly random: Random
  /** Called when a relay dies, comes back, or is clearly nearer or farther than was last said. */
  readonly onChange: (node: NodeId, health: Health) => void
}

/** What a watch goes by. Times in ms. */
const PACE = Object.freeze({
  close: 500,
  far: 15_000,
  /** For one that is dead, for it may soon be all that is left. */
  dead: 3_000,
  /** An answer that takes longer is none, at either pace: what is dead at one would else be alive at the other. */
  limit: 500,
  /** Misses in a row that prove a relay dead: with `close`, 2 s after the last sign of life at most. */
  misses: 3,
  /** None that never answered is dead before: the way to it may need a second handshake, for which WireGuard takes 5.4 s. */
  first: 6_500,
  /** Answers in a row that prove it alive again. */
  answers: 3,
})
/** How much of each measurement goes into the smoothed round trip (RFC 6298 section 2). */
const GAIN = 1 / 8
/** A smaller change is not worth telling: by this part, and by this many ms. */
const NOTABLE = Object.freeze({ part: 0.2, least: 1 })
/** 128 bits: neither a late answer nor a guessed one counts. */
const NONCE_BYTES = 16

interface Watch {
  target: ProbeTarget
  health: Health
  /** What `onChange` was last told. */
  told: Health
  /** Milliseconds on the clock of the prober: when the watch began. */
  readonly since: number
  hasAnswered: boolean
  /** In a row. */
  misses: number
  answers: number
  nonce: string | undefined
  sentAt: number
  cancel: () => void
}

const UNKNOWN: Health = Object.freeze({ alive: true, rtt: undefined })

/** Watches relays by asking their echoes, all from one socket; the kernel picks the source address. */
export class Prober {
  readonly #options: ProberOptions
  readonly #watches = new Map<NodeId, Watch>()
  readonly #waiting = new Map<string, Watch>()
  #socket: Socket | undefined

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Watches these relays and no others. One that was watched before keeps what is known of it. */
  watch(targets: readonly ProbeTarget[]): void {
    const wanted = new Set(targets.map(({ node }) => node))
    for (const [node, watch] of this.#watches) if (!wanted.has(node)) this.#end(watch)
    for (const target of targets) {
      const known = this.#watches.get(target.node)
      if (known) this.#change(known, target)
      else this.#begin(target)
    }
    if (targets.length === 0) this.close()
  }

  /** Asks all now. What was asked before and not answered yet counts neither way. */
  hurry(): void {
    for (const watch of this.#watches.values()) {
      this.#settle(watch)
      this.#ask(watch)
      this.#schedule(watch)
    }
  }

  /** Undefined for a relay that is not watched. */
  health(node: NodeId): Health | undefined {
    return this.#watches.get(node)?.health
  }

  /** Ends every watch; `watch` begins anew. */
  close(): void {
    for (const watch of this.#watches.values()) this.#end(watch)
    this.#socket?.close()
    this.#socket = undefined
  }

  #begin(target: ProbeTarget): void {
    const since = this.#options.clock.monotonic()
    const counts = { since, hasAnswered: false, misses: 0, answers: 0, nonce: undefined, sentAt: 0 }
    const watch: Watch = { target, health: UNKNOWN, told: UNKNOWN, ...counts, cancel: () => undefined }
    this.#watches.set(target.node, watch)
    this.#beat(watch)
  }

  #change(watch: Watch, target: ProbeTarget): void {
    const isOtherPace = watch.target.isClose !== target.isClose
    watch.target = target
    if (isOtherPace) this.#schedule(watch)
  }

  #end(watch: Watch): void {
    watch.cancel()
    this.#settle(watch)
    this.#watches.delete(watch.target.node)
  }

  #schedule(watch: Watch): void {
    watch.cancel()
    watch.cancel = this.#options.clock.after(paceOf(watch), () => this.#beat(watch))
  }

  #beat(watch: Watch): void {
    if (this.#settle(watch)) this.#miss(watch)
    this.#ask(watch)
    this.#schedule(watch)
  }

  /** Waits no more for an answer. @returns whether one was missing */
  #settle(watch: Watch): boolean {
    if (watch.nonce === undefined) return false
    this.#waiting.delete(watch.nonce)
    watch.nonce = undefined
    return true
  }

  #ask(watch: Watch): void {
    const { clock, random, port } = this.#options
    const nonce = Buffer.from(random(NONCE_BYTES))
    watch.nonce = nonce.toString('hex')
    watch.sentAt = clock.monotonic()
    this.#waiting.set(watch.nonce, watch)
    this.#socket ??= this.#open()
    // No route, no permission, no buffer: no answer will come, and that is what counts.
    this.#socket.send(nonce, port, watch.target.address, () => undefined)
  }

  #open(): Socket {
    const socket = createSocket({ type: 'udp6', ipv6Only: true })
    socket.on('message', (message) => this.#hear(message))
    socket.on('error', () => {
      // It is of no more use; the next beat opens another.
      if (this.#socket === socket) this.#socket = undefined
      socket.close()
    })
    socket.bind(this.#options.ownPort)
    return socket.unref()
  }

  #hear(message: Buffer): void {
    const watch = message.length === NONCE_BYTES ? this.#waiting.get(message.toString('hex')) : undefined
    if (!watch) return
    const rtt = this.#options.clock.monotonic() - watch.sentAt
    if (rtt > PACE.limit) return
    this.#settle(watch)
    watch.hasAnswered = true
    watch.misses = 0
    watch.answers += 1
    if (!watch.health.alive && watch.answers < PACE.answers) return this.#schedule(watch)
    const before = watch.health.rtt ?? rtt
    this.#tell(watch, { alive: true, rtt: before + (rtt - before) * GAIN })
  }

  #miss(watch: Watch): void {
    watch.answers = 0
    watch.misses += 1
    const isNew = this.#options.clock.monotonic() - watch.since < PACE.first
    if (watch.misses >= PACE.misses && (watch.hasAnswered || !isNew))
      this.#tell(watch, { alive: false, rtt: undefined })
  }

  #tell(watch: Watch, health: Health): void {
    watch.health = health
    if (!isNotable(watch.told, health)) return
    watch.told = health
    this.#options.onChange(watch.target.node, health)
  }
}

/** One that answers again is asked quickly whether it means it. */
function paceOf({ target, health, answers }: Watch): number {
  if (target.isClose || (!health.alive && answers > 0)) return PACE.close
  return health.alive ? PACE.far : PACE.dead
}

function isNotable(before: Health, after: Health): boolean {
  if (before.alive !== after.alive) return true
  if (before.rtt === undefined || after.rtt === undefined) return before.rtt !== after.rtt
  return Math.abs(after.rtt - before.rtt) > Math.max(NOTABLE.least, before.rtt * NOTABLE.part)
}
