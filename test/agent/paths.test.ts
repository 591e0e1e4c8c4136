import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../../src/keys/identity.ts'
import type { PathKind } from '../../src/topology/reach.ts'
import { nodeId } from '../protocol/samples.ts'
import { Simulation, type Way } from './simulation.ts'

const MINUTE = 60_000
const RELAYS = [nodeId(101), nodeId(102)]
const KINDS: readonly PathKind[] = ['lan', 'direct', 'punched', 'relayed']

describe('Two hosts', () => {
  it('keep their traffic flowing under a NAT that comes and goes every 20 s for an hour, with few moves', () => {
    for (const skew of [0, 700, 13_000]) {
      const simulation = new Simulation(
        [way('punched', (now) => Math.floor(now / 20_000) % 2 === 0), relayed(0)],
        skew,
      )
      simulation.run(60 * MINUTE, 200)
      const moves = simulation.hosts.map((host) => host.moves)
      assert.ok(
        simulation.answered / simulation.sent > 0.95,
        `${simulation.answered} of ${simulation.sent} answered`,
      )
      // A trial and the way back, for each of the rests of 5, 15, 45, 135, 405 s and then 10 min that fit into the hour.
      assert.ok(Math.max(...moves) <= 30, `${moves} moves`)
    }
  })

  it('fall back to a relay within 10 s when their direct path dies, and return to it', () => {
    const cut = [100_000, 160_000] as const
    const direct = way('direct', outside(...cut))
    const simulation = new Simulation([direct, relayed(0)], 300)
    simulation.run(cut[0], 200)
    assert.equal(simulation.answered, simulation.sent)
    simulation.run(10_000, 200)
    assert.ok(simulation.ask(0) && simulation.ask(1))
    simulation.run(2 * MINUTE, 200)
    assert.deepEqual([simulation.wayOf(0), simulation.wayOf(1)], [direct, direct])
  })

  it('are on another relay within a second of knowing that theirs is dead, both at once', () => {
    const dies = 30_000
    const first = {
      ...relayed(0, (now) => now < dies),
      isRelayDead: (_: 0 | 1, now: number) => now >= dies + 2_000,
    }
    const simulation = new Simulation([first, relayed(1)], 900)
    simulation.run(dies + 3_000, 200)
    assert.ok(simulation.ask(0) && simulation.ask(1))
    assert.deepEqual(
      simulation.hosts.map((_, self) => simulation.wayOf(self === 0 ? 0 : 1)?.via),
      [RELAYS[1], RELAYS[1]],
    )
  })

  it('find the best path that works at once, if they find nothing in their way', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(5_000), (works, skew) => {
        const ways = KINDS.map((kind, at) =>
          kind === 'relayed' ? relayed(0, () => works[at] ?? false) : way(kind, () => works[at] ?? false),
        )
        const best = ways[works.indexOf(true)]
        const simulation = new Simulation(ways, skew)
        simulation.run(skew)
        // WireGuard sends a handshake every 5 s: three for nothing, one that opens a hole, and one that comes through it.
        if (best) assert.ok(reaches(simulation, [best], 24_000), `${best.kind} was not found`)
      }),
    )
  })

  it('whatever happened to their paths: talk again a minute after it ends, and then find the best', () => {
    fc.assert(
      fc.property(worlds, fc.nat(20_000), fc.constantFrom(0, 200, 2_000), (ways, skew, every) => {
        const simulation = new Simulation(ways, skew)
        simulation.run(TURMOIL, every)
        const good = ways.filter((each) => simulation.isGood(each))
        if (good.length === 0) return
        simulation.run(MINUTE, 500)
        assert.ok(answers(simulation), 'they talk after a minute')
        assert.ok(reaches(simulation, good), 'they are on the best path that works')
      }),
      { numRuns: 300 },
    )
  })
})

/** Found by the property: the LAN had so short a turn, and so seldom, that WireGuard sent no handshake in any of them. */
it('The LAN of two hosts is found within a minute of coming back, though no other path works', () => {
  const simulation = new Simulation(
    [
      way('lan', outside(0, 286_001)),
      way('punched', (now) => now < 78_001),
      relay(nodeId(101), () => false),
      relay(nodeId(102), (now) => now >= 156_001 && now < 201_001),
    ],
    0,
  )
  simulation.run(TURMOIL, 2_000)
  simulation.run(MINUTE, 500)
  assert.ok(answers(simulation))
})

/** Found by the property: each end slept through the other's attempts, because each had failed at other times. */
it('A hole between two hosts is punched within 10 min of being possible, whenever each had failed before', () => {
  const punched = way('punched', outside(0, 191_601))
  const simulation = new Simulation(
    [
      way('lan', () => false),
      { ...way('direct', () => false), waits: 1 },
      punched,
      relay(nodeId(101), () => false),
      relay(nodeId(102), outside(308_001, 311_801)),
    ],
    4_001,
  )
  simulation.run(TURMOIL, 200)
  assert.ok(reaches(simulation, [punched], 11 * MINUTE))
})

/** So long anything may happen (ms). */
const TURMOIL = 6 * MINUTE
/** The longest rest of each end, and the trials. */
const LONGEST_WAIT = 12 * MINUTE

/** A path that comes and goes for a while, and then stays as it is. */
const worlds = fc
  .tuple(
    ...KINDS.map((kind) => fc.option(fickle(kind), { nil: undefined })),
    fc.option(fickle('relayed', RELAYS[1]), { nil: undefined }),
  )
  .map((ways) => ways.filter((each) => each !== undefined))

function fickle(kind: PathKind, via = kind === 'relayed' ? RELAYS[0] : undefined) {
  const turns = fc.array(fc.nat(TURMOIL), { maxLength: 12 })
  const waits =
    kind === 'direct' ? fc.constantFrom(undefined, 0 as const, 1 as const) : fc.constant(undefined)
  return fc.record({ turns, waits }).map(({ turns, waits }): Way => {
    const isUp = (now: number) => turns.filter((turn) => turn <= now).length % 2 === 0
    return via ? relay(via, isUp) : { ...way(kind, isUp), ...(waits !== undefined && { waits }) }
  })
}

/** Between two trials, at least: what is on trial may lose a packet. */
function answers(simulation: Simulation): boolean {
  for (let second = 0; second < 5; second++) {
    if (simulation.ask(0) && simulation.ask(1)) return true
    simulation.run(1_000)
  }
  return false
}

function reaches(simulation: Simulation, good: readonly Way[], limit = LONGEST_WAIT): boolean {
  const best = Math.min(...good.map(({ kind }) => KINDS.indexOf(kind)))
  const isBest = (found: Way | undefined) =>
    found !== undefined && good.includes(found) && KINDS.indexOf(found.kind) === best
  for (const end = simulation.now + limit; simulation.now < end; simulation.run(1_000)) {
    if (isBest(simulation.wayOf(0)) && isBest(simulation.wayOf(1))) return true
  }
  return false
}

function way(kind: PathKind, isUp: (now: number) => boolean): Way {
  return { kind, works: (_, now) => isUp(now) }
}

function relayed(number: 0 | 1, isUp: (now: number) => boolean = () => true): Way {
  return { ...way('relayed', isUp), via: number === 0 ? nodeId(101) : nodeId(102) }
}

/** One whose death both see at once. */
function relay(via: NodeId, isUp: (now: number) => boolean): Way {
  return { ...way('relayed', isUp), via, isRelayDead: (_, now) => !isUp(now) }
}

/** Up, but not between these instants. */
function outside(from: number, to: number): (now: number) => boolean {
  return (now) => now < from || now >= to
}
