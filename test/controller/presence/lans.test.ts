import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { parseAddress } from '../../../src/address/cidr.ts'
import { toNodeReport } from '../../../src/controller/presence/facts.ts'
import { knownLan, type LanTold } from '../../../src/controller/presence/lan-network.ts'
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
import type { Role, State, Topology } from '../../../src/model/state.ts'
import type { ControllerFrameOf, Facts, Hint, LanHint } from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { lanDigest, wholeLanDigest } from '../../../src/protocol/lans.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import { loadSettings } from '../../../src/settings.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'
import { topology } from '../../topology/policy/arbitrary.ts'
import { begin, NETWORK, play, wish } from '../../topology/policy/play.ts'
import { twinSees } from '../../topology/policy/twin.ts'

const settings = loadSettings(controllerSettings, { environment: {}, flags: { gatherMilliseconds: 50 } })
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))
const NUMBERS = [1, 2, 3, 4, 5, 6]

describe('Members on one LAN', () => {
  const move = fc.record({
    kind: fc.constant('move' as const),
    number: fc.constantFrom(...NUMBERS),
    lan: fc.nat(1),
    port: fc.constantFrom(0, 51_820, 51_821),
  })
  const step = fc.record({
    what: fc.oneof({ arbitrary: move, weight: 2 }, { arbitrary: wish, weight: 3 }),
    /** Who reads then, and who loses its session and comes back. */
    readers: fc.subarray(NUMBERS),
    returning: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(NUMBERS)),
  })
  it('are told all endpoints there of those that they see and of nobody else, whatever changes and whenever they read', async () => {
    await fc.assert(
      fc.asyncProperty(topology, fc.array(step, { maxLength: 30, size: 'max' }), async (shape, steps) => {
        const world = new LanWorld(shape, [3, 6])
        for (const number of NUMBERS) world.come(number)
        for (const { what, readers, returning } of steps) {
          if (what.kind === 'move') world.move(what.number, what.lan, what.port)
          else world.change(play(world.state, [what]).events)
          await world.push()
          for (const number of readers) world.read(nodeId(number))
          for (const number of returning) world.comeBack(nodeId(number))
        }
        for (const viewer of world.members()) {
          world.read(viewer)
          assert.deepEqual(world.known(viewer), world.wanted(viewer))
          assert.equal(world.comeBack(viewer), undefined, 'the digest shows that it has all')
        }
      }),
      { numRuns: 150 },
    )
  })

  for (const [shape, role] of [
    ['hub', 'hub'],
    ['sites', 'gateway'],
  ] as const)
    it(`in ${shape}: who becomes a ${role} is told and named, and who is none any more is neither`, async () => {
      const world = new LanWorld(shape)
      for (const number of [1, 2, 3]) world.come(number)
      world.permit('deny')
      await world.push()
      const counts = () => [1, 2, 3].map((number) => world.read(nodeId(number)).known.size)
      assert.deepEqual(counts(), [0, 0, 0])
      for (const [roles, wanted] of [
        [[role], [2, 1, 1]],
        [[], [0, 0, 0]],
      ] as [Role[], number[]][]) {
        world.change([{ type: 'node-roles-set', id: nodeId(1), roles }])
        await world.push()
        assert.deepEqual(counts(), wanted)
      }
    })

  it('are told of one more with the same few bytes, however many they are, and encoded once', async () => {
    const costs = []
    for (const size of [30, 120]) {
      const world = new LanWorld('mesh')
      for (let number = 1; number <= size; number++) world.come(number)
      await world.push()
      for (const viewer of world.members()) world.read(viewer)
      const { encodings } = world
      for (const change of [
        () => world.come(200),
        () => world.move(7, 0, 51_821),
        () => world.move(7, 1, 0),
      ]) {
        const viewers = world.members().filter((node) => node !== nodeId(7))
        change()
        await world.push()
        const messages = viewers.flatMap((viewer) => world.read(viewer).message ?? [])
        assert.equal(messages.length, viewers.length)
        assert.equal(new Set(messages).size, 1)
        costs.push(messages[0]?.for(true).bytes.length)
        for (const viewer of world.members()) world.read(viewer)
      }
      // One for each change; all of it for the newcomer, and that all is gone for the one that left.
      assert.equal(world.encodings - encodings, 5)
    }
    assert.deepEqual(costs.slice(0, 3), costs.slice(3))
    for (const bytes of costs) assert.ok(bytes && bytes < 200)
  })

  it('who reads seldom are told who is lost to sight, also when that one has moved since', async () => {
    const world = new LanWorld('mesh')
    for (const number of [1, 2]) world.come(number)
    world.change(
      [1, 2].map((number) => ({ type: 'node-labels-set', id: nodeId(number), labels: { role: 'web' } })),
    )
    world.permit('deny', [{ from: 'role=web', to: 'role=web' }])
    await world.push()
    assert.equal(world.read(nodeId(1)).known.size, 1)
    world.permit('deny')
    world.move(2, 0, 51_821)
    await world.push()
    assert.equal(world.read(nodeId(1)).known.size, 0)
  })

  it('are told nothing by a policy that changes nothing for them, and who has lost the thread is told all', async () => {
    const world = new LanWorld('mesh')
    for (const number of NUMBERS) world.come(number)
    await world.push()
    for (const viewer of world.members()) world.read(viewer)
    world.change([{ type: 'node-labels-set', id: nodeId(1), labels: { role: 'web' } }])
    world.permit('allow', [{ from: 'role=web', to: '*', protocols: ['tcp'] }])
    await world.push()
    for (const viewer of world.members()) assert.equal(world.read(viewer).message, undefined)
    for (let time = 0; time < 20; time++) world.permit(time % 2 ? 'allow' : 'deny')
    world.move(2, 0, 51_999)
    await world.push()
    assert.equal(world.read(nodeId(1)).known.get(nodeId(2))?.join(), '192.168.0.2:51999')
  })
})

/** One network whose members are in one of two LANs, and what each was told of its own. */
class LanWorld {
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
    for (const node of this.#readers.keys()) if (!this.members().includes(node)) this.#readers.delete(node)
  }

  /** @param port 0: it has none there */
  move(number: number, lan: number, port: number): void {
    const node = nodeId(number)
    const address = `192.168.${lan}.${number}`
    this.#places.set(node, { lan, port, address })
    const facts: Facts = {
      addresses: [`${address}/24`, `${BRIDGE}/16`],
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
    return { known: isMember ? this.known(viewer) : new Map(), message }
  }

  /** Begins a new session, in which it says what it has. Gives what it is told. */
  comeBack(viewer: NodeId): Message | undefined {
    if (!this.members().includes(viewer)) return undefined
    const reader = this.#readerOf(viewer)
    reader.told = knownLan(reader.digest)
    return this.#tell(viewer)
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
      const isKnown = endpoints.length > 0 ? wanted.has(node) : reader.known.has(node)
      assert.ok(
        node === viewer || isKnown || endpoints.every(isOfBridge),
        'it learns of nobody whom it may not see',
      )
    }
    reader.take(frame)
    return message
  }

  #person(id: NodeId) {
    const { project = DEFAULT_PROJECT, labels = {}, roles = [] } = this.state.nodes.get(id) ?? {}
    return { id, project, labels, roles }
  }

  #readerOf(viewer: NodeId): Reader {
    const known = this.#readers.get(viewer)
    if (known) return known
    const fresh = this.#older.includes(viewer) ? new OlderReader(viewer) : new Reader(viewer)
    this.#readers.set(viewer, fresh)
    return fresh
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
  #own: Hint | undefined

  constructor(node: NodeId) {
    this.#node = node
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
