import { hostRange } from '../../../src/address/cidr.ts'
import type { VerifyKey } from '../../../src/keys/signature.ts'
import { fromBase64Url } from '../../../src/keys/text.ts'
import { type Delta, type Head, openDelta, openHead, type Signed } from '../../../src/protocol/content.ts'
import type {
  ControllerFrameOf,
  Hint,
  NetworkPosition,
  ResumePosition,
} from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { decodeRecord, type MemberRecord } from '../../../src/protocol/record.ts'
import { View } from '../../../src/protocol/view.ts'
import type { Step } from '../../../src/wireguard/device.ts'
import { SimulatedInterface } from '../../../src/wireguard/simulated.ts'

/** Frames remembered; those of a scenario that are told apart are far fewer. */
const REMEMBERED = 4_096

/**
 * What the agents of this process know of one network together. Each distinct frame is verified and taken into a view and
 * an interface in memory once, however many of them get it: signature, digest and peers, as `Replica` and `Tunnel` do.
 */
export class SharedNetwork {
  readonly #controllerKey: VerifyKey
  readonly #deltas = new Map<string, Delta>()
  readonly #heads = new Map<string, Head>()
  #view = new View()
  #hints = new HintSet()
  #head: Head | undefined
  #interface = emptyInterface()
  /** Signatures that were checked. */
  verifications = 0

  constructor(controllerKey: VerifyKey) {
    this.#controllerKey = controllerKey
  }

  /** Where the others are, as told to one for all. */
  takeHints({ hints, whole }: Pick<ControllerFrameOf<'hints'>, 'hints' | 'whole'>): void {
    if (whole) this.#hints = new HintSet()
    for (const hint of hints) this.#hints.put(hint)
  }

  /** Where all stand that have what there is. */
  get position(): (ResumePosition & NetworkPosition) | undefined {
    if (!this.#head) return undefined
    const { network, epoch, revision, digest } = this.#head
    return { network, epoch, revision, digest, hints: this.#hints.digest() }
  }

  current(frame: Signed): Head {
    return this.#once(this.#heads, frame, () => openHead(frame, this.#controllerKey))
  }

  /** Throws when the records are not those that were signed. */
  snapshot(frame: ControllerFrameOf<'snapshot'>): Head {
    return this.#once(this.#heads, frame, () => {
      const head = openHead(frame, this.#controllerKey)
      const records = frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array())
      const view = View.of(records, fromBase64Url(frame.filter ?? ''))
      if (view.digest() !== head.digest) throw new Error('The records are not those that were signed.')
      this.#view = view
      this.#head = head
      this.#interface = emptyInterface()
      this.takeHints({ hints: frame.hints, whole: true })
      for (const record of view.records()) this.#interface.take(toPeer(record))
      return head
    })
  }

  /** Throws when the change does not lead to the digest that was signed. */
  delta(frame: ControllerFrameOf<'delta'>): Delta {
    return this.#once(this.#deltas, frame, () => {
      const delta = openDelta(frame, this.#controllerKey)
      // One from further back, for an agent that had missed something, leads to where the others are.
      if (delta.from === this.#head?.revision) this.#follow(delta, frame.hints ?? [])
      return delta
    })
  }

  #follow({ head, upserts, removals, filter }: Delta, hints: readonly Hint[]): void {
    const gone = removals.map((node) => this.#view.record(node)).filter((record) => record !== undefined)
    this.#view.changeTo(head.digest, upserts, removals, filter)
    this.#head = head
    for (const node of removals) this.#hints.remove(node)
    this.takeHints({ hints: [...hints] })
    for (const upsert of upserts) this.#interface.take(toPeer(decodeRecord(upsert)))
    for (const { publicKey } of gone) this.#interface.take({ kind: 'remove-peer', publicKey })
  }

  #once<Content>(known: Map<string, Content>, { signature }: Signed, open: () => Content): Content {
    const before = known.get(signature)
    if (before) return before
    this.verifications += 1
    const content = open()
    if (known.size >= REMEMBERED) known.clear()
    known.set(signature, content)
    return content
  }
}

function toPeer({ publicKey, ipv4, ipv6 }: MemberRecord): Step {
  return { kind: 'set-peer', peer: { publicKey, allowedIps: [hostRange(ipv4), hostRange(ipv6)] } }
}

function emptyInterface(): SimulatedInterface {
  return new SimulatedInterface({
    publicKey: undefined,
    listenPort: 0,
    mtu: 1_420,
    alias: '',
    up: true,
    addresses: [],
    routes: new Map(),
    peers: new Map(),
  })
}
