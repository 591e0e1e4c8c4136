import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromBase64Url } from '../../src/keys/text.ts'
import { claimedNetwork } from '../../src/protocol/content.ts'
import type { ResumePosition } from '../../src/protocol/frames.ts'
import { HintSet } from '../../src/protocol/hints.ts'
import { View } from '../../src/protocol/view.ts'
import { eventually } from '../rig.ts'
import { Crowd, framesOf, type Listener, newIdentity, say } from './crowd.ts'

const SMALL = 100
const LARGE = 1_000

/** What one change costs, apart from what the newcomer itself is sent. */
interface Cost {
  readonly encodings: number
  readonly signatures: number
  readonly frames: number
  readonly bytes: number
}

/** One after the other, in a network in which all may reach all at first. */
const CHANGES: Readonly<Record<string, (crowd: Crowd) => Promise<unknown>>> = {
  'a label changes that no policy speaks of': (crowd) => crowd.label({ role: 'db' }),
  'the first policy limits ports': (crowd) => crowd.permit(5_432),
  'the policy names another port': (crowd) => crowd.permit(5_433),
  'a label changes that the policy speaks of': (crowd) => crowd.label({ role: 'web' }),
  'a member leaves': (crowd) => crowd.removeLast(),
}

describe('What a change costs', () => {
  const joins = new Map<number, Cost>()
  for (const size of [SMALL, LARGE]) {
    it(`with ${size} members: one join makes one delta, and moves a tenth of what full pushes would at most`, async () => {
      await using crowd = await Crowd.gather(size)
      await quiet(crowd)
      const pushed = snapshotSize(crowd) * size
      const join = await costOf(crowd, async () => {
        const secret = await crowd.token(1)
        await crowd.connect(newIdentity(), { networks: [], join: { secret, name: 'late' } })
        await crowd.addAll()
        await eventually('everybody was told', () => crowd.listeners.every(knows(size + 1)))
      })
      joins.set(size, join)
      assert.ok(join.bytes * 10 <= pushed || size < 200, `${join.bytes} bytes of ${pushed}`)
      // To each: the delta, and where the newcomer is. To the newcomer: welcome, itself, everything, its LAN.
      assert.ok(join.frames <= 2 * (size + 1) + 6, `${join.frames} frames`)
      const move = await costOf(crowd, async () => {
        const [first] = crowd.listeners
        if (first) say(first, crowd.facts(40_000))
        await eventually('everybody was told', () => crowd.listeners.every(wasToldOf(40_000)))
      })
      assert.deepEqual([move.encodings, move.signatures], [1, 0])
      assert.equal(move.frames, size + 1)
      assert.ok(move.bytes <= 300 * (size + 1), `${move.bytes} bytes`)
    })
  }

  it('is the same work and a frame for each, however many there are, also when one leaves, or labels or a policy change', async () => {
    const [few, many] = [await costsOfChanges(50), await costsOfChanges(200)]
    for (const [name, { frames, ...small }] of few) {
      const large = many.get(name)
      assert.ok(large, name)
      assert.deepEqual(work(small), work(large), name)
      assert.ok(small.encodings <= 2 && small.signatures <= 2, `${name}: ${JSON.stringify(small)}`)
      // To every member, and one of them may be leaving. Nobody hears of a label that no policy speaks of.
      assert.deepEqual([frames, large.frames], frames === 0 ? [0, 0] : [50, 200], name)
      // From the first filter on each record says of which group its member is: of all, to all, and once.
      if (!name.startsWith('the first policy')) assert.ok(large.bytes / 200 <= 1.1 * (small.bytes / 50), name)
    }
    assert.equal(few.get('a label changes that no policy speaks of')?.frames, 0)
  })

  it('does not grow with the network for each, when a policy makes other classes of members', async () => {
    const costs = await Promise.all([50, 200].map(costsOfClasses))
    for (const [at, size] of [50, 200].entries()) {
      const { alike = assert.fail(), shutOut = assert.fail(), back = assert.fail() } = costs[at] ?? {}
      assert.equal(alike.bytes, 0, 'that all are of one class now is news to nobody')
      for (const [what, { frames, bytes }] of Object.entries({ shutOut, back })) {
        assert.ok(frames <= 2 * size, `${what}: ${frames} frames`)
        // To each the one that went or came; to that one, of whom it sees: nobody, or all.
        assert.ok(bytes / size <= 1_100, `${what}: ${bytes / size} bytes each`)
      }
    }
  })

  it('is the same work for the controller, however many are told', () => {
    const [small, large] = [joins.get(SMALL), joins.get(LARGE)]
    assert.ok(small && large)
    assert.deepEqual(work(small), work(large))
    assert.ok(large.encodings <= 4 && large.signatures <= 3, JSON.stringify(large))
    assert.ok(large.bytes / LARGE <= 1.1 * (small.bytes / SMALL))
  })

  it(`with ${LARGE} members: a restart of the controller costs each less than 1 KB, and no hint is told again`, async () => {
    await using crowd = await Crowd.gather(LARGE)
    await quiet(crowd)
    const members = [...crowd.listeners]
    const networks = [positionOf(crowd, members[0])]
    await crowd.restart()
    for (const { identity } of members) await crowd.connect(identity, { networks })
    await quiet(crowd)
    const { bytes, encodings, signatures } = await crowd.counts()
    assert.ok(bytes / LARGE < 1_024, `${bytes / LARGE} bytes each`)
    assert.deepEqual([encodings, signatures], [1, 1])
  })

  it('is told as what it changed, also when it was made while a controller began and nobody was there', async () => {
    const costs: number[] = []
    for (const size of [50, 200]) {
      await using crowd = await Crowd.gather(size)
      await quiet(crowd)
      const members = [...crowd.listeners]
      const networks = [positionOf(crowd, members[0])]
      await crowd.removeLast()
      await crowd.restart()
      for (const { identity } of members.slice(0, -1)) await crowd.connect(identity, { networks })
      await quiet(crowd)
      costs.push((await crowd.counts()).bytes / size)
      const types = crowd.listeners.flatMap((listener) => framesOf(listener).map(({ type }) => type))
      assert.ok(types.includes('delta') && !types.includes('snapshot'), [...new Set(types)].join())
    }
    const [few = 0, many = 0] = costs
    assert.ok(many <= 1.1 * few && many < 1_024, `${few} and ${many} bytes each`)
  })
})

/** All get the same label and a policy that lets those talk; one loses it; and then all may talk again. */
async function costsOfClasses(size: number): Promise<Readonly<Record<string, Cost>>> {
  await using crowd = await Crowd.gather(size)
  await crowd.labelOthers({ env: 'prod' })
  await quiet(crowd)
  const alike = { from: '*', to: '*' }
  const rules = [{ from: 'env=prod', to: 'env=prod' }]
  return {
    alike: await costOf(crowd, () => crowd.setPolicy({ default: 'deny', rules: [alike, ...rules] })),
    shutOut: await costOf(crowd, () => crowd.setPolicy({ default: 'deny', rules })),
    back: await costOf(crowd, () => crowd.setPolicy({ default: 'allow', rules: [] })),
  }
}

async function costsOfChanges(size: number): Promise<ReadonlyMap<string, Cost>> {
  await using crowd = await Crowd.gather(size)
  await quiet(crowd)
  const costs = new Map<string, Cost>()
  for (const [name, change] of Object.entries(CHANGES))
    costs.set(name, await costOf(crowd, () => change(crowd)))
  return costs
}

function work({ encodings, signatures }: Pick<Cost, 'encodings' | 'signatures'>): number[] {
  return [encodings, signatures]
}

async function costOf(crowd: Crowd, act: () => Promise<unknown>): Promise<Cost> {
  for (const listener of crowd.listeners) listener.received.splice(0)
  const before = await crowd.counts()
  await act()
  await quiet(crowd)
  const after = await crowd.counts()
  return {
    encodings: after.encodings - before.encodings,
    signatures: after.signatures - before.signatures,
    frames: after.frames - before.frames,
    bytes: after.bytes - before.bytes,
  }
}

/** Waits until nothing is sent any more. */
async function quiet(crowd: Crowd): Promise<void> {
  let last = Number.NaN
  let same = 0
  await eventually(
    'nothing is sent any more',
    async () => {
      const { frames } = await crowd.counts()
      same = frames === last ? same + 1 : 0
      last = frames
      return same > 20
    },
    60_000,
  )
}

function snapshotSize({ listeners }: Crowd): number {
  const sizes = listeners.flatMap(({ received }) => received.map(({ length }) => length))
  return Math.max(...sizes)
}

/** Whether the last that a listener was told makes so many members. Its deltas are not read one by one. */
function knows(size: number): (listener: Listener) => boolean {
  return (listener) =>
    framesOf(listener).some(
      (frame) => frame.type === 'delta' || (frame.type === 'snapshot' && frame.records.length === size),
    )
}

function wasToldOf(port: number): (listener: Listener) => boolean {
  return ({ received }) => received.some((bytes) => bytes.includes(`:${port}`))
}

/** Where a listener stands after all that it was sent. */
function positionOf({ network, controller }: Crowd, listener: Listener | undefined): ResumePosition {
  assert.ok(listener)
  let view = new View()
  const hints = new HintSet()
  for (const frame of framesOf(listener)) {
    if (frame.type === 'snapshot')
      view = View.of(frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array()))
    if (frame.type === 'snapshot' || frame.type === 'hints') for (const hint of frame.hints) hints.put(hint)
    if (frame.type === 'delta')
      assert.fail(`a delta of ${claimedNetwork(frame)} came, and all were put in with one change`)
  }
  const { id, revision } = network
  return {
    network: id,
    epoch: controller.state.epoch,
    revision,
    digest: view.digest(),
    hints: hints.digest(),
  }
}
