import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { briefStatus, linkStatus } from '../../../src/controller/graph/links.ts'
import { Lookout } from '../../../src/controller/graph/lookout.ts'
import { survey } from '../../../src/controller/graph/survey.ts'
import { Presence } from '../../../src/controller/presence/presence.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { type Crowd, crowd } from '../crowd.ts'
import { BARE_REPORT } from '../presence/report.ts'

const NOW = 1_800_000_000_000

/** What each member says: 0 nothing, 1 connected, 2 has applied, 3 has reported; and of whom it reports how old a handshake. */
const world = fc.integer({ min: 2, max: 9 }).chain((size) =>
  fc.record({
    steps: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: size, maxLength: size }),
    sites: fc.array(fc.constantFrom('', 'berlin', 'oslo'), { minLength: size, maxLength: size }),
    reports: fc.array(
      fc.tuple(
        fc.nat(size - 1),
        fc.nat(size - 1),
        fc.constantFrom(undefined, 3, 200),
        fc.constantFrom('192.168.9.2:1', '198.51.100.7:1'),
      ),
      { maxLength: 20 },
    ),
    isFresh: fc.boolean(),
  }),
)

describe('a survey of links', () => {
  it('counts the same, whether it looks at each pair or only at those that are reported', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ steps, sites, reports, isFresh }) => {
        const members = crowd(sites, isFresh ? NOW - 1_000 : NOW - 100_000)
        const lookout = new Lookout(members.network, { ...seen(members, steps, reports), now: NOW })
        const groupOf = (node: NodeId) => members.state.nodes.get(node)?.labels.site ?? ''
        const query = { limit: 100, of: undefined, within: undefined, groupOf }
        const full = await survey(lookout, query)
        const vast = await survey(lookout, { ...query, fullLimit: 0 })
        assert.deepEqual(vast.total, full.total)
        const counted = await survey(lookout, { ...query, limit: 0 })
        assert.deepEqual([counted.total, counted.pairs, counted.omitted], [full.total, [], full.total.links])
        for (const [a, b] of full.pairs)
          assert.deepEqual(briefStatus(lookout, a, b), { ...linkStatus(lookout, a, b), reason: '' })
        assert.deepEqual(
          vast.between.filter(({ tally }) => tally.links > 0),
          full.between,
        )
        assert.equal(full.total.links, (steps.length * (steps.length - 1)) / 2)
        assert.equal(full.pairs.length, full.total.links)
      }),
      { numRuns: 300 },
    )
  })

  it('lists what does not work first, says how much it left out, and keeps to groups and members', async () => {
    const members = crowd(['oslo', 'oslo', 'oslo', 'berlin', 'berlin'], NOW - 100_000)
    const [a, b] = members.ids
    assert.ok(a && b)
    const reports = members.ids.flatMap((_, at) =>
      members.ids.map((_peer, peer) => [at, peer, at + peer === 1 ? 200 : 3, '198.51.100.7:1'] as const),
    )
    const lookout = new Lookout(members.network, { ...seen(members, [3, 3, 3, 3, 3], reports), now: NOW })
    const groupOf = (node: NodeId) => members.state.nodes.get(node)?.labels.site ?? ''
    const all = { limit: 1, of: undefined, within: undefined, groupOf }
    const one = await survey(lookout, all)
    assert.deepEqual(one.pairs, [[a, b].sort()])
    assert.deepEqual([one.omitted, one.total.stale, one.total.up, one.total.punched], [9, 1, 9, 9])
    const inside = await survey(lookout, { ...all, limit: 100, within: new Set(['berlin']) })
    assert.equal(inside.pairs.length, 1)
    for (const fullLimit of [0, 100]) {
      const ofOne = await survey(lookout, { ...all, limit: 100, of: a, fullLimit })
      assert.deepEqual([ofOne.pairs.length, ofOne.omitted], [4, 0])
      const berlin = { ...all, limit: 0, within: new Set(['berlin']), fullLimit }
      assert.equal((await survey(lookout, berlin)).omitted, 1)
    }
  })
})

function seen(
  { state, ids, network }: Crowd,
  steps: readonly number[],
  reports: readonly (readonly [number, number, number | undefined, string])[],
) {
  const presence = new Presence()
  for (const [at, node] of ids.entries()) {
    const step = steps[at] ?? 0
    if (step > 0) presence.arrived(node, NOW, BARE_REPORT)
    const applied = { network: network.id, epoch: 1, revision: 1, digest: '' }
    if (step > 1) presence.update(node, network.id, { applied })
    if (step > 2)
      presence.reported(node, network.id, peersOf(at, ids, reports), { reportedAt: NOW }, () => true)
  }
  return { state, presence }
}

function peersOf(
  at: number,
  ids: readonly NodeId[],
  reports: readonly (readonly [number, number, number | undefined, string])[],
) {
  const mine = reports.filter(([from, to]) => from === at && to !== at)
  return mine.flatMap(([, to, handshakeAge, endpoint]) => {
    const node = ids[to]
    const age = handshakeAge === undefined ? {} : { handshakeAge, endpoint }
    return node ? [{ node, rxBytes: 5, txBytes: 7, ...age }] : []
  })
}
