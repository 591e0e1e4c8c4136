import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { MemberGuide } from '../../src/agent/member-guide.ts'
import { Pathfinder } from '../../src/agent/pathfinder.ts'
import { Replica } from '../../src/agent/replica.ts'
import { Surroundings } from '../../src/agent/surroundings.ts'
import { Tunnel } from '../../src/agent/tunnel.ts'
import { Identity } from '../../src/keys/identity.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { toBase64Url } from '../../src/keys/text.ts'
import { signDelta, signHead, signSelf } from '../../src/protocol/content.ts'
import type { ControllerFrameOf, Hint } from '../../src/protocol/frames.ts'
import { encodeRecord, type MemberRecord } from '../../src/protocol/record.ts'
import { View } from '../../src/protocol/view.ts'
import type { Device, Step } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { interfaceName } from '../../src/wireguard/name.ts'
import type { NetworkPlan } from '../../src/wireguard/plan.ts'
import { controllerKey, network, nodeId, record, selfContent } from '../protocol/samples.ts'
import { HandClock } from './clock.ts'

const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))
const own: MemberRecord = {
  ...record(200, 2),
  node: identity.id,
  publicKey: identity.memberKey(network, 1).publicKey,
}

/** One thing after the other that a controller may tell. */
const change = fc.record({
  members: fc.array(
    fc.record({ number: fc.integer({ min: 1, max: 9 }), key: fc.constantFrom(1, 2), isGone: fc.boolean() }),
    { maxLength: 3 },
  ),
  hints: fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 9 }),
      port: fc.constantFrom(1, 2),
      mtu: fc.constantFrom(1_400, 1_500),
    }),
    { maxLength: 2 },
  ),
  moves: fc.boolean(),
})

it('A plan that is kept up by differences is the plan of all that is known, and so is the interface', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const story = new Story()
      const scene = await openScene(story.beginning())
      await scene.follow()
      for (const one of changes) {
        scene.take(story.next(one))
        await scene.follow()
        const fresh = await openScene(story.all())
        await fresh.follow()
        assert.deepEqual(await scene.peers(), await fresh.peers())
      }
    }),
    { numRuns: 60 },
  )
})

it('A change of one member is worked out without a look at the others', async () => {
  const story = new Story()
  const everybody = Array.from({ length: 150 }, (_, at) => ({
    number: at + 1,
    key: 1 as const,
    isGone: false,
  }))
  story.next({ members: everybody, hints: [], moves: false })
  const scene = await openScene(story.all())
  await scene.follow()
  scene.take(story.next({ members: [{ number: 151, key: 1, isGone: false }], hints: [], moves: false }))
  const plan = scene.guide.plan()
  assert.deepEqual([...(plan?.news?.keys() ?? [])], [keyOf(151, 1)])
  scene.steps.length = 0
  await scene.tunnel.apply(withoutPeers(plan), scene.keys)
  assert.deepEqual(
    scene.steps.map((step) => step.kind === 'set-peer' && step.peer.publicKey),
    [keyOf(151, 1)],
  )
})

it('One neighbour more on the LAN, or another port of one, is worked out without a look at the others', async (t) => {
  const offer = t.mock.method(Pathfinder.prototype, 'offer')
  const story = new Story()
  const numbers = Array.from({ length: 120 }, (_, at) => at + 1)
  const members = numbers.map((number) => ({ number, key: 1 as const, isGone: false }))
  story.next({ members, hints: [], moves: false })
  const scene = await openScene(story.all())
  const lan = (some: readonly number[], port = 51_820) => ({
    ...{ type: 'lan' as const, network },
    hints: some.map((number) => ({ node: nodeId(number), endpoints: [`192.168.1.${number}:${port}`] })),
  })
  scene.take([lan(numbers.slice(0, -1))])
  await scene.follow()
  for (const told of [
    { ...lan([120]), part: true as const },
    { ...lan([120], 51_821), part: true as const },
    { ...lan([120]), hints: [{ node: nodeId(120), endpoints: [] }], part: true as const },
    // By a controller that knows no parts.
    lan(numbers),
  ]) {
    scene.take([told])
    offer.mock.resetCalls()
    scene.steps.length = 0
    await scene.follow()
    // Who is gone from the LAN is looked for where it was, until something better is known.
    const isOfOne = (step: Step) => step.kind === 'set-peer' && step.peer.publicKey === keyOf(120, 1)
    assert.ok(scene.steps.length <= 1 && scene.steps.every(isOfOne))
    assert.deepEqual(
      offer.mock.calls.map(({ arguments: [peer] }) => peer),
      [nodeId(120)],
    )
  }
  const candidates = () =>
    offer.mock.calls.findLast(({ arguments: [peer] }) => peer === nodeId(120))?.arguments[1]
  assert.deepEqual(
    candidates()?.map(({ endpoint }) => endpoint),
    ['192.168.1.120:51820'],
  )
  // It has that address itself: what is sent there comes back.
  scene.surroundings.setAddresses(['192.168.1.120/24'])
  await scene.follow()
  assert.deepEqual(candidates(), [])
  const bridges = ['172.17.0.1', '172.18.0.1', '172.19.0.1', '172.20.0.1']
  const endpoints = [...bridges, '192.168.1.120'].map((address) => `${address}:51820`)
  scene.take([{ ...lan([120]), hints: [{ node: nodeId(120), endpoints }], part: true }])
  scene.surroundings.setAddresses([...bridges, '192.168.1.7'].map((address) => `${address}/16`))
  await scene.follow()
  assert.deepEqual(
    candidates()?.map(({ endpoint }) => endpoint),
    ['192.168.1.120:51820'],
  )
})

it('What could not be carried out is caught up with as a whole', async () => {
  const story = new Story()
  const scene = await openScene(story.beginning())
  await scene.follow()
  scene.take(story.next({ members: [{ number: 1, key: 1, isGone: false }], hints: [], moves: false }))
  scene.failNext()
  await assert.rejects(scene.follow())
  assert.equal(scene.tunnel.isInLine, false)
  scene.take(story.next({ members: [{ number: 2, key: 1, isGone: false }], hints: [], moves: false }))
  await scene.follow()
  assert.equal(scene.tunnel.isInLine, true)
  const fresh = await openScene(story.all())
  await fresh.follow()
  assert.deepEqual(await scene.peers(), await fresh.peers())
})

/** The plan as it is where nobody may ask for all peers. */
function withoutPeers(plan: NetworkPlan | undefined): NetworkPlan {
  assert.ok(plan)
  const { networkId, alias, ranges, mtu, self, news } = plan
  return {
    ...{ networkId, alias, ranges, mtu, self, news },
    get peers(): never {
      throw new Error('all peers were asked for')
    },
  }
}

type Change = typeof change extends fc.Arbitrary<infer One> ? One : never
type Told = ControllerFrameOf<'self' | 'snapshot' | 'delta' | 'hints' | 'lan'>

/** What a controller tells: as changes, and as what it all comes to. */
class Story {
  readonly #records = new Map<number, MemberRecord>()
  readonly #hints = new Map<string, Hint>()
  #revision = 10

  beginning(): Told[] {
    return this.all()
  }

  all(): Told[] {
    const records = [...this.#records.values(), own].map(encodeRecord)
    const snapshot = { type: 'snapshot' as const, ...signHead(this.#head(), controllerKey) }
    return [
      { type: 'self', ...signSelf({ ...selfContent(own), custody: 'node' }, controllerKey) },
      { ...snapshot, records: records.map(toBase64Url), hints: [...this.#hints.values()] },
    ]
  }

  next({ members, hints, moves }: Change): Told[] {
    const from = this.#revision
    this.#revision += 1
    const [upserts, removals] = [new Map<number, Uint8Array>(), new Set<number>()]
    for (const { number, key, isGone } of members) {
      upserts.delete(number)
      removals.delete(number)
      if (isGone) this.#records.delete(number)
      if (isGone) removals.add(number)
      else upserts.set(number, encodeRecord(this.#enter(number, key)))
    }
    // Who left and came back in between has never been away for the agent, which keeps what it knows of it.
    for (const number of removals) this.#hints.delete(nodeId(number))
    const content = {
      head: this.#head(),
      from,
      upserts: [...upserts.values()],
      removals: [...removals].map(nodeId),
    }
    const told = hints.filter(({ number }) => this.#records.has(number)).map(hintOf)
    if (moves) told.push({ node: own.node, direct: [`192.0.2.200:${this.#revision}`] })
    for (const hint of told) this.#hints.set(hint.node, hint)
    const delta = { type: 'delta' as const, ...signDelta(content, controllerKey) }
    return [delta, { type: 'hints', network, hints: told }]
  }

  #enter(number: number, key: number): MemberRecord {
    const entered = { ...record(number, this.#revision), publicKey: keyOf(number, key) }
    this.#records.set(number, entered)
    return entered
  }

  #head() {
    const digest = View.of([...this.#records.values(), own].map(encodeRecord)).digest()
    return { network, epoch: 1, revision: this.#revision, digest, expiresAt: 2_000_000_000 }
  }
}

function keyOf(number: number, key: number) {
  return record(key === 1 ? number : number + 100).publicKey
}

function hintOf({ number, port, mtu }: Change['hints'][number]): Hint {
  return { node: nodeId(number), direct: [`192.0.2.${number}:${port}`], mtu }
}

async function openScene(told: readonly Told[]) {
  const replica = new Replica(network, identity, controllerKey.publicKey)
  const device = await new MemoryDriver().open(interfaceName(identity.id, network))
  const steps: Step[] = []
  let isToFail = false
  const recorder: Device = {
    ...device,
    async apply(taken) {
      if (isToFail) {
        isToFail = false
        throw new Error('no room')
      }
      steps.push(...taken)
      await device.apply(taken)
    },
  }
  const surroundings = new Surroundings()
  const clock = new HandClock()
  const tunnel = await Tunnel.adopt(recorder, clock, { free: () => 51_820, used: () => [] })
  const guide = new MemberGuide(replica, {
    own: identity.id,
    interface: device.name,
    clock,
    log: pino({ level: 'silent' }),
    surroundings,
    isReal: false,
  })
  const keys = identity.memberKey(network, 1)
  const take = (frames: readonly Told[]) => {
    for (const frame of frames) takeFrame(replica, frame)
  }
  take(told)
  return {
    ...{ guide, tunnel, keys, steps, take, surroundings },
    failNext() {
      isToFail = true
    },
    async follow() {
      const plan = guide.plan()
      assert.ok(plan)
      await tunnel.apply(plan, keys)
      await guide.applied(device.name)
    },
    async peers() {
      const { peers, routes } = await device.observe()
      return { peers: Object.fromEntries(peers), routes: Object.fromEntries(routes) }
    },
  }
}

function takeFrame(replica: Replica, frame: Told) {
  switch (frame.type) {
    case 'self':
      return replica.takeSelf(frame)
    case 'snapshot':
      return replica.takeSnapshot(frame)
    case 'delta':
      return replica.takeDelta(frame)
    case 'hints':
      return replica.takeHints(frame)
    case 'lan':
      return replica.takeLan(frame)
  }
}
