import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import { toWeftError } from '../../errors.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { Log } from '../../log/log.ts'
import { type SignedHead, signHead } from '../../log/signedhead.ts'
import { headAt, sealSnapshot } from '../../log/snapshot.ts'
import { encodeState } from '../../model/codec.ts'
import type { State } from '../../model/state.ts'

export interface UpkeepTools {
  readonly store: Log
  readonly state: () => State
  readonly signing: SigningKey
  readonly clock: Clock
  readonly log: Logger
  readonly settings: { readonly historyDays: number }
  /** Puts the head where it is kept. */
  readonly keepHead: (head: SignedHead) => Promise<void>
}

/** A start reads so many entries at most, in about a quarter of a second; */
const ENTRIES = 10_000
/** but a large state is written less often: an entry is some 400 bytes, so a snapshot is a quarter of what is written. */
const BYTES_AN_ENTRY = 100
/** The last entries stay whatever their age is, and the age of the others is what it was when the first of these was made. */
const ENTRIES_KEPT = 10_000
/** At a time, within some seconds. */
const ENTRIES_DROPPED = 50_000

/** In ms: who sees to snapshots keeps that duty from one minute to the next. Should two do it, the store takes one. */
const LEASE = 150_000
/** Entries after which one that has not the duty asks for it again. */
const ENTRIES_BETWEEN_LOOKS = 1_000

const DAY = 86_400_000
const MINUTE = 60_000
/** How long encoding may keep everything else waiting, in ms. */
const SLICE = 5

/**
 * Keeps the log short to read and hard to forge: takes snapshots, drops entries that are in them and older than
 * `historyDays`, and signs the head once a minute while it moves. All of it can fail and is tried again later.
 */
export class Upkeep {
  readonly #tools: UpkeepTools
  readonly #stop: () => void
  #signed = -1
  /** The sequence at which the next snapshot is due; undefined until it is known. */
  #due: number | undefined
  /** Sequences of the snapshots, the newest first. */
  #kept: readonly number[] = []
  #working = false

  constructor(tools: UpkeepTools) {
    this.#tools = tools
    const timer = setInterval(() => void this.run(), MINUTE)
    timer.unref()
    this.#stop = () => clearInterval(timer)
  }

  /** To be called after each entry; costs nothing as long as nothing is due. */
  onEntry({ sequence }: { readonly sequence: number }): void {
    if (sequence >= (this.#due ?? ENTRIES)) void this.run()
  }

  /** Does what is due. Never rejects: what fails is logged, and tried again. */
  async run(): Promise<void> {
    if (this.#working) return
    this.#working = true
    try {
      await this.signHead()
      if (!(await this.#tools.store.lease('upkeep', LEASE))) return this.#lookLater()
      this.#due ??= await this.#whenDue()
      if (this.#tools.state().sequence >= this.#due) await this.snapshot()
      await this.#dropOld()
    } catch (error) {
      this.#report(error)
    } finally {
      this.#working = false
    }
  }

  /** Signs the head, if it is another than last time, logs it, and keeps it elsewhere. */
  async signHead(): Promise<void> {
    const { store, state, clock, signing, log, keepHead } = this.#tools
    const { sequence, hash } = store.head()
    if (sequence === this.#signed) return
    const head = signHead({ sequence, hash }, { epoch: state().epoch, at: clock.now() }, signing)
    log.info({ head }, 'head of the log')
    await keepHead(head)
    this.#signed = sequence
  }

  /** Takes one now. */
  async snapshot(): Promise<void> {
    const { store, state, signing, log } = this.#tools
    const now = state()
    const bytes = await encodeInSlices(now)
    const snapshot = sealSnapshot(await headAt(store, now.sequence), bytes, signing)
    this.#due = nextAfter(snapshot.sequence, bytes.length)
    await store.keepSnapshot(snapshot)
    this.#kept = [snapshot.sequence, ...this.#kept].slice(0, 2)
    log.info({ sequence: snapshot.sequence, bytes: bytes.length }, 'snapshot kept')
  }

  /** Signs the head once more. */
  async stop(): Promise<void> {
    this.#stop()
    await this.signHead().catch((error) => this.#report(error))
  }

  #lookLater(): void {
    this.#due = this.#tools.state().sequence + ENTRIES_BETWEEN_LOOKS
  }

  #report(error: unknown): void {
    const { code, message } = toWeftError(error)
    if (code !== 'unavailable') this.#tools.log.warn({ code, reason: message }, 'upkeep of the log failed')
  }

  async #whenDue(): Promise<number> {
    const snapshots = await this.#tools.store.snapshots()
    const [newest] = snapshots
    this.#kept = snapshots.map(({ sequence }) => sequence)
    return nextAfter(newest?.sequence ?? 0, newest?.state.length ?? 0)
  }

  async #dropOld(): Promise<void> {
    const { store, settings, log } = this.#tools
    const base = await store.base()
    const kept = store.head().sequence - ENTRIES_KEPT
    const limit = Math.min(kept, this.#kept.at(-1) ?? 0, base.sequence + ENTRIES_DROPPED)
    let last = base.sequence
    if (last >= limit) return
    const cutoff = (await this.#surelyNow(kept)) - settings.historyDays * DAY
    for await (const { sequence, at } of store.read(last + 1)) {
      if (at >= cutoff || sequence > limit) break
      last = sequence
    }
    if (last === base.sequence) return
    const { sequence } = await store.compact(last)
    if (sequence > base.sequence) log.info({ upTo: sequence }, 'old entries dropped')
  }

  /**
   * What time it is at least, as two clocks say: this one, and the one of whoever made entry `sequence`, which is well behind
   * the end. What is dropped is gone for good, and a clock that jumps ahead is to make nothing old.
   */
  async #surelyNow(sequence: number): Promise<number> {
    const { store, clock } = this.#tools
    for await (const { at } of store.read(sequence)) return Math.min(clock.now(), at)
    return 0
  }
}

function nextAfter(sequence: number, bytes: number): number {
  return sequence + Math.max(ENTRIES, Math.ceil(bytes / BYTES_AN_ENTRY))
}

/** The state is a value, so it does not matter what is changed meanwhile. */
async function encodeInSlices(state: State): Promise<Uint8Array> {
  const lines: Buffer[] = []
  let slice = performance.now()
  for (const line of encodeState(state, 'all')) {
    lines.push(Buffer.from(line))
    if (performance.now() - slice < SLICE) continue
    await new Promise((resolve) => setImmediate(resolve))
    slice = performance.now()
  }
  return new Uint8Array(Buffer.concat(lines))
}
