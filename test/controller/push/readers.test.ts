import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../../../src/keys/identity.ts'
import type { Rule } from '../../../src/model/policy.ts'
import { runs } from '../../chaos/runs.ts'
import { nodeId } from '../../model/history.ts'
import { topology } from '../../topology/policy/arbitrary.ts'
import { begin, labelled, permitted, type Wish, wish } from '../../topology/policy/play.ts'
import { type Someone, twinSees } from '../../topology/policy/twin.ts'
import { FeedWorld } from './feed-world.ts'
import type { Reader } from './reader.ts'

const NUMBERS = [1, 2, 3, 4, 5, 6]
const some = fc.subarray(NUMBERS)
/** Nearly all, most of the time. */
const most = fc.oneof(
  fc.constantFrom(...NUMBERS).map((one) => NUMBERS.filter((number) => number !== one)),
  fc.constant(NUMBERS),
  some,
)
/** `npm run faults -- controller/push/readers` is the long series. */
const RUNS = runs(100, 1_500)

describe('Who reads what a network tells', () => {
  it('has from any earlier point what a fresh snapshot is, and never heard of whom it might not see', () => {
    const wishes = fc.array(wish, { maxLength: 3 })
    fc.assert(
      fc.property(topology, roundsOf(wishes), (shape, rounds) => run(new Story(shape), rounds)),
      {
        numRuns: RUNS,
      },
    )
  })

  it('has so where a few classes change places, and members their class', () => {
    const story = () => {
      const all = new Story('mesh')
      all.enter([permitted()])
      all.enter(NUMBERS.map((number) => ({ kind: 'come', number })))
      const cast = [A, C, B, { ...A, z: '1' }, S, C]
      for (const [at, labels] of cast.entries()) all.enter([labelled(at + 1, labels)])
      return all
    }
    const rounds = fc.subarray([...RULES], { minLength: 1 }).chain((rules) => {
      const wishes = fc.oneof(relabelling, relabelling, changing(rules), changing(rules), passing)
      return roundsOf(fc.array(wishes, { maxLength: 2 }))
    })
    const examples: [Round[]][] = [[SAME_SET_OF_ANOTHER_CLASS], [SPLIT_IN_ONE_ENTRY]]
    fc.assert(
      fc.property(rounds, (some) => run(story(), some)),
      { numRuns: RUNS, examples },
    )
  })
})

/** Things that happen, in one entry of the log or in one each, and who reads then: in its session, or in a new one. */
interface Round {
  readonly wishes: readonly Wish[]
  readonly isOne: boolean
  readonly read: readonly number[]
  readonly resume: readonly number[]
  readonly isRestart: boolean
}

function roundsOf(wishes: fc.Arbitrary<Wish[]>): fc.Arbitrary<Round[]> {
  const rare = fc.nat(9).map((number) => number === 0)
  const resume = fc.oneof(fc.constant([]), fc.constant([]), some)
  const round = fc.record({ wishes, isOne: fc.boolean(), read: most, resume, isRestart: rare })
  return fc.array(round, { minLength: 1, maxLength: 12 })
}

type Labels = Readonly<Record<string, string>>
const A: Labels = { c: 'a' }
const B: Labels = { c: 'b' }
const C: Labels = { c: 'c' }
const S: Labels = { c: 's' }

const A_B: Rule = { from: 'c=a', to: 'c=b' }
const A_S: Rule = { from: 'c=a', to: 'c=s' }
const C_B: Rule = { from: 'c=c', to: 'c=b' }
const C_S: Rule = { from: 'c=c', to: 'c=s' }
const RULES: readonly Rule[] = [
  A_B,
  A_S,
  C_B,
  C_S,
  { from: 'c=b', to: 'c=a', protocols: ['tcp'] },
  { from: 'c=b', to: 'c=c', protocols: ['udp'] },
]

const relabelling = fc
  .tuple(
    fc.constantFrom(1, 2, 4, 6, ...NUMBERS),
    fc.constantFrom(A, C, { ...A, z: '1' }, { ...C, z: '1' }, B, S),
  )
  .map(([number, labels]) => labelled(number, labels))

/** There and back again: two classes change places, and another one is told apart or not. */
function changing(rules: readonly Rule[]): fc.Arbitrary<Wish> {
  return fc.tuple(fc.boolean(), fc.boolean()).map(([isExchanged, hasMore]) => {
    const exchanged = isExchanged ? JSON.parse(JSON.stringify(rules).replace(/c=[ac]/g, other)) : rules
    // Nobody is the other end of the last: it only tells apart.
    const all = hasMore ? [...exchanged, { from: 'z=1', to: 'z=2' }] : exchanged
    return permitted(...all)
  })
}

function other(selector: string): string {
  return selector === 'c=a' ? 'c=c' : 'c=a'
}

/** A member has by another class, and of the revision that there is, what its new class began with. */
const SAME_SET_OF_ANOTHER_CLASS = [
  { wishes: [permitted(A_B, A_S, C_B)], read: [1, 2] },
  { wishes: [permitted(A_B, C_B, C_S, { from: 'z=1', to: 'z=2' })], read: [1, 2] },
  { wishes: [labelled(2, { ...A, z: '1' })], read: [2] },
].map(roundOf)

/** Two that were of one class see others from the same entry on. */
const SPLIT_IN_ONE_ENTRY = [
  { wishes: [permitted(A_B)], read: [1, 4] },
  { wishes: [labelled(4, { z: '1' }), permitted(A_B, A_S, { from: 'z=1', to: 'c=b' })], read: [1, 4] },
].map(roundOf)

function roundOf(round: Pick<Round, 'wishes' | 'read'>): Round {
  return { ...round, isOne: true, resume: [], isRestart: false }
}

const passing = fc.record({
  kind: fc.constantFrom('come' as const, 'go' as const),
  number: fc.constantFrom(3, 5, 6),
})

function personOf(id: NodeId): Someone {
  return { id, project: '' as Someone['project'], labels: {}, roles: [] }
}

function run(story: Story, rounds: readonly Round[]): void {
  for (const { wishes, isOne, read, resume, isRestart } of rounds) {
    for (const some of isOne ? [wishes] : wishes.map((each) => [each])) story.enter(some)
    if (isRestart) story.restart()
    for (const number of resume) story.resume(nodeId(number))
    for (const number of read) story.read(nodeId(number))
  }
  story.end()
}

/** The members of a network, and what they heard. */
class Story {
  readonly world: FeedWorld
  readonly #readers = new Map<NodeId, Reader>()
  /** By member, whom it might see at any time since it is one. */
  readonly #visible = new Map<NodeId, Set<NodeId>>()

  constructor(shape: Parameters<typeof begin>[0]) {
    this.world = new FeedWorld(begin(shape))
  }

  enter(wishes: readonly Wish[]): void {
    this.world.wish(...wishes)
    for (const node of this.#readers.keys()) {
      if (this.world.isMember(node)) continue
      // It is told that it is out, and begins anew when it comes back.
      this.#readers.delete(node)
      this.#visible.delete(node)
    }
    for (const node of this.world.members()) this.#look(node)
  }

  read(node: NodeId): void {
    if (this.world.isMember(node)) this.#readerOf(node).read(this.world.feed(node))
  }

  resume(node: NodeId): void {
    if (this.world.isMember(node)) this.#readerOf(node).resume(this.world.feed(node))
  }

  restart(): void {
    this.world.restart()
    for (const node of this.#readers.keys()) this.resume(node)
  }

  end(): void {
    for (const node of this.world.members()) {
      this.read(node)
      const reader = this.#readerOf(node)
      assert.deepEqual(reader.picture, this.world.picture(node))
      this.resume(node)
      assert.deepEqual(reader.picture, this.world.picture(node))
      for (const other of reader.heardOf)
        assert.ok(other === node || this.#visible.get(node)?.has(other), `${node} heard of ${other}`)
    }
  }

  #look(node: NodeId): void {
    const { network } = this.world
    const [viewer, visible] = [this.#someone(node), this.#visible.get(node) ?? new Set<NodeId>()]
    this.#visible.set(node, visible)
    for (const other of this.world.members())
      if (twinSees(network, viewer, this.#someone(other))) visible.add(other)
  }

  #someone(id: NodeId): Someone {
    return this.world.state.nodes.get(id) ?? personOf(id)
  }

  #readerOf(node: NodeId): Reader {
    // Every other one is of an earlier release.
    const readsParts = NUMBERS.findIndex((number) => nodeId(number) === node) % 2 === 0
    const reader = this.#readers.get(node) ?? this.world.newReader(readsParts)
    this.#readers.set(node, reader)
    return reader
  }
}
