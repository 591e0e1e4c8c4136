import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { parseAddress } from '../../../src/address/cidr.ts'
import { toNodeReport } from '../../../src/controller/presence/facts.ts'
import { claimedLan, knownLan, type LanTold } from '../../../src/controller/presence/lan-told.ts'
import { Presence } from '../../../src/controller/presence/presence.ts'
import { Feeds } from '../../../src/controller/push/feeds.ts'
import type { Message } from '../../../src/controller/push/message.ts'
import { controllerSettings } from '../../../src/controller/settings.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import type { Policy } from '../../../src/model/policy.ts'
import type { State, Topology } from '../../../src/model/state.ts'
import type { ControllerFrameOf, Facts, Hint, LanHint } from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { lanDigest, wholeLanDigest } from '../../../src/protocol/lans.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import { loadSettings } from '../../../src/settings.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'
import { begin, NETWORK, play } from '../../topology/policy/play.ts'
import { twinSees } from '../../topology/policy/twin.ts'

const settings = loadSettings(controllerSettings, { environment: {}, flags: { gatherMilliseconds: 50 } })
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))

/** One network whose members are in one of two LANs, and what each was told of its own. */
export class LanWorld {
  readonly #clock = new HandClock()
  readonly #presence = new Presence()
  readonly #feeds: Feeds
  readonly #readers = new Map<NodeId, Reader>()
  readonly #places = new Map<
    NodeId,
    { readonly lan: number; readonly port: number; readonly address: string }
  >()
  readonly #older: readonly NodeId[]
  state: State
  encodings = 0

  /** @param older numbers of those whose agents are of a release that knows no parts */
  constructor(shape: Topology, older: readonly number[] = []) {
    this.#older = older.map(nodeId)
    this.state = begin(shape)
    this.#feeds = new Feeds({
      log: pino({ level: 'silent' }),
      clock: this.#clock,
      settings,
      signing,
      state: () => this.state,
      presence: this.#presence,
      count: (what) => {
        if (what === 'encodings') this.encodings += 1
      },
      recent: [],
    })
    this.#feeds.onTouched((_, viewers) => {
      for (const viewer of viewers ?? this.members()) this.#readerOf(viewer).isDue = true
    })
  }

  /** A new member, in the first LAN. */
  come(number: number): void {
    this.change(play(this.state, [{ kind: 'come', number }]).events)
    this.move(number, 0, 51_820)
  }

  permit(otherwise: 'allow' | 'deny', rules: Policy['rules'] = []): void {
    this.change([{ type: 'network-policy-set', network: NETWORK, policy: { default: otherwise, rules } }])
  }

  change(events: readonly Event[]): void {
    for (const event of events) {
      const before = this.state
      this.state = apply(before, event)
      const entry = { sequence: 1, hash: '', operation: '', at: 0, actor: 'test', events: [event] }
      this.#feeds.onEntry(entry, before, this.state)
    }
    for (const [node, reader] of this.#readers) if (!this.members().includes(node)) this.#expel(node, reader)
  }

  /** @param port 0: it has none there */
  move(number: number, lan: number, port: number): void {
    const node = nodeId(number)
    const address = `192.168.${lan}.${number}`
    this.#places.set(node, { lan, port, address })
    const facts: Facts = {
      addresses: [`${address}/24`, `${BRIDGE}/16`, `198.51.100.${number}/24`],
      mtu: 1_500,
      ports: port > 0 ? [{ network: NETWORK, port }] : [],
      device: 'memory',
      version: '0',
    }
    this.#presence.arrived(node, 0, toNodeReport(facts, parseAddress('203.0.113.9'), 0))
    this.#feeds.onFacts(node)
  }

  /** Until it is known who has something to be told. */
  async push(): Promise<void> {
    await turn()
    this.#clock.advance(1_000)
  }

  members(): NodeId[] {
    return [...(this.state.networks.get(NETWORK)?.members.keys() ?? [])]
  }

  /** What a member has, once it was told what is due, and the message that told it, if there was one. */
  read(viewer: NodeId): {
    readonly known: ReadonlyMap<string, readonly string[]>
    readonly message: Message | undefined
  } {
    const isMember = this.members().includes(viewer)
    const message = isMember && this.#readerOf(viewer).isDue ? this.#tell(viewer) : undefined
    if (isMember) this.#readerOf(viewer).hear()
    return { known: isMember ? this.known(viewer) : new Map(), message }
  }

  /** Begins a new session, in which it says what it has. What was on its way is lost. Gives what it is told. */
  comeBack(viewer: NodeId): Message | undefined {
    if (!this.members().includes(viewer)) return undefined
    const reader = this.#readerOf(viewer)
    reader.cut()
    reader.told = knownLan(reader.digest)
    const message = this.#tell(viewer)
    reader.hear()
    return message
  }

  /** As `read`, but what it is told is on its way until it hears it. */
  send(viewer: NodeId): void {
    if (this.members().includes(viewer) && this.#readerOf(viewer).isDue) this.#tell(viewer)
  }

  /** In the middle of a session it says what it has, which is on its way until it is answered. */
  say(viewer: NodeId): void {
    if (this.members().includes(viewer)) this.#readerOf(viewer).say()
  }

  /** What it said comes in, and is answered. */
  answer(viewer: NodeId): void {
    const reader = this.#readers.get(viewer)
    const claim = reader?.said.shift()
    if (!reader || !claim || !this.members().includes(viewer)) return
    reader.told = claimedLan(reader.told, claim.digest)
    this.#tell(viewer)
  }

  hasPort(viewer: NodeId): boolean {
    return (this.#places.get(viewer)?.port ?? 0) > 0
  }

  /** Whether anything is due for a member that it has not been told. */
  isDue(viewer: NodeId): boolean {
    return this.#readerOf(viewer).isDue
  }

  /** Without what leads back to itself, as its agent leaves that out. */
  known(viewer: NodeId): ReadonlyMap<string, readonly string[]> {
    return this.#readerOf(viewer).known
  }

  /** By the words of the policy about each pair, and where they are. */
  wanted(viewer: NodeId): ReadonlyMap<string, readonly string[]> {
    const own = this.#places.get(viewer)
    const network = this.state.networks.get(NETWORK)
    const others = this.members().flatMap((node) => {
      const place = this.#places.get(node)
      const isNear = own && place && own.lan === place.lan && own.port > 0 && place.port > 0
      const isSeen = network && node !== viewer && twinSees(network, this.#person(viewer), this.#person(node))
      return isNear && isSeen ? [[node, [`${place.address}:${place.port}`]] as const] : []
    })
    return new Map(others.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #tell(viewer: NodeId): Message | undefined {
    const reader = this.#readerOf(viewer)
    reader.isDue = false
    const { message, told } = this.#feeds.lan(NETWORK, viewer, reader.told, reader.readsParts)
    reader.told = told
    const frame = message && readControllerFrame(message.for(true).bytes)
    if (frame?.type !== 'lan') return undefined
    const wanted = this.wanted(viewer)
    for (const { node, endpoints } of frame.hints) {
      const isKnown = endpoints.length > 0 ? wanted.has(node) : reader.hasHeardOf(node)
      assert.ok(
        node === viewer || isKnown || endpoints.every(isOfBridge),
        'it learns of nobody whom it may not see',
      )
    }
    reader.send(frame)
    return message
  }

  #person(id: NodeId) {
    const { project = DEFAULT_PROJECT, labels = {}, roles = [] } = this.state.nodes.get(id) ?? {}
    return { id, project, labels, roles }
  }

  #readerOf(viewer: NodeId): Reader {
    const known = this.#readers.get(viewer)
    if (known) return known
    const fresh = this.#newReader(viewer)
    this.#readers.set(viewer, fresh)
    return fresh
  }

  /** It forgets all, but what it said before is still on its way, and may come in when it is a member again. */
  #expel(node: NodeId, { said }: Reader): void {
    const fresh = this.#newReader(node)
    fresh.said = said
    this.#readers.set(node, fresh)
  }

  #newReader(node: NodeId): Reader {
    return this.#older.includes(node) ? new OlderReader(node) : new Reader(node)
  }
}

/** What a member makes of what it is told. */
class Reader {
  readonly readsParts: boolean = true
  told: LanTold = knownLan(undefined)
  /** A session begins with a look. */
  isDue = true
  readonly #node: NodeId
  readonly #set = new HintSet<LanHint>()
  /** What is on its way to it. */
  #coming: ControllerFrameOf<'lan'>[] = []
  /** What is on its way from it, each with what it had then. */
  said: { readonly digest: string | undefined }[] = []
  #own: Hint | undefined

  constructor(node: NodeId) {
    this.#node = node
  }

  send(frame: ControllerFrameOf<'lan'>): void {
    this.#coming.push(frame)
  }

  /** Takes all that is on its way to it. */
  hear(): void {
    for (const frame of this.#coming.splice(0)) this.take(frame)
  }

  say(): void {
    this.said.push({ digest: this.digest })
  }

  cut(): void {
    this.#coming = []
    this.said = []
  }

  /** Whether it knows of another on its LAN, or will as soon as it has heard all. */
  hasHeardOf(node: string): boolean {
    const isNamed = ({ hints }: ControllerFrameOf<'lan'>) =>
      hints.some((hint) => hint.node === node && hint.endpoints.length > 0)
    return this.known.has(node) || this.#coming.some(isNamed)
  }

  take({ hints, own, part }: ControllerFrameOf<'lan'>): void {
    if (!part) for (const { node } of this.#set.all()) this.#set.remove(node as NodeId)
    for (const hint of hints) {
      if (hint.endpoints.length === 0) this.#set.remove(hint.node as NodeId)
      else if (hint.node !== this.#node) this.#set.put(hint)
    }
    if (own || !part) this.#own = own
  }

  get digest(): string | undefined {
    return lanDigest({ size: this.#set.size, digest: () => this.#set.digest() }, this.#own)
  }

  get known(): ReadonlyMap<string, readonly string[]> {
    const all = this.#set
      .all()
      .map(({ node, endpoints }) => [node, endpoints.filter((each) => !isOfBridge(each))] as const)
    return new Map(all.filter(([, { length }]) => length > 0).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** Of a release that knows no parts. */
class OlderReader extends Reader {
  override readonly readsParts = false
  #content: ControllerFrameOf<'lan'> | undefined

  override take(frame: ControllerFrameOf<'lan'>): void {
    assert.equal(frame.part, undefined)
    super.take(frame)
    this.#content = frame
  }

  override get digest(): string | undefined {
    return this.#content && wholeLanDigest(this.#content)
  }
}

/** An address that each of them has, inside itself. */
const BRIDGE = '172.17.0.1'

function isOfBridge(endpoint: string): boolean {
  return endpoint.startsWith(`${BRIDGE}:`)
}
