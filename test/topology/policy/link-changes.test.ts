import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../../../src/keys/identity.ts'
import type { Event } from '../../../src/model/event.ts'
import type { State } from '../../../src/model/state.ts'
import { linkChanges } from '../../../src/topology/policy/link-changes.ts'
import { linkageOf } from '../../../src/topology/policy/linkage.ts'
import { topology } from './arbitrary.ts'
import { begin, NETWORK, play, wish } from './play.ts'

describe('A dry run', () => {
  it('tells the links that a comparison of all pairs before and after finds', () => {
    const wishes = fc.array(wish, { maxLength: 20 })
    fc.assert(
      fc.property(topology, wishes, wishes, (shape, past, proposed) => {
        const state = play(begin(shape), past).state
        const { state: after, events } = play(state, proposed)
        const [had, has] = [pairsIn(state), pairsIn(after)]
        const { appear, disappear } = linkChanges(state, events)
        assert.deepEqual(namesOf(appear.links), [...has].filter((pair) => !had.has(pair)).sort())
        assert.deepEqual(namesOf(disappear.links), [...had].filter((pair) => !has.has(pair)).sort())
        assert.deepEqual([appear.count, disappear.count], [appear.links.length, disappear.links.length])
      }),
      { numRuns: 200 },
    )
  })

  it('tells what goes with a network, and nothing of a change that is of no concern to links', () => {
    const state = play(
      begin('mesh'),
      [1, 2, 3].map((number) => ({ kind: 'come', number })),
    ).state
    const { appear, disappear } = linkChanges(state, [{ type: 'network-deleted', id: NETWORK }])
    assert.deepEqual([appear.count, disappear.count], [0, 3])
    const none = linkChanges(state, [{ type: 'epoch-raised', epoch: 2 }])
    assert.deepEqual([none.appear.count, none.disappear.count], [0, 0])
  })

  it('counts all links of a large network, and lists a thousand', () => {
    let state = begin('mesh')
    for (let number = 10; number < 110; number++) state = play(state, [{ kind: 'come', number }]).state
    const deny: Event = {
      type: 'network-policy-set',
      network: NETWORK,
      policy: { default: 'deny', rules: [] },
    }
    const { disappear } = linkChanges(state, [deny])
    assert.deepEqual([disappear.count, disappear.links.length], [4_950, 1_000])
  })
})

/** Every pair of peers, asked one by one. */
function pairsIn(state: State): ReadonlySet<string> {
  const network = state.networks.get(NETWORK)
  if (!network) return new Set()
  const { areLinked } = linkageOf(network, state)
  const nodes = [...network.members.keys()].sort()
  return new Set(
    nodes.flatMap((a, at) =>
      nodes
        .slice(at + 1)
        .filter((b) => areLinked(a, b))
        .map((b) => `${a} ${b}`),
    ),
  )
}

function namesOf(links: readonly { readonly a: NodeId; readonly b: NodeId }[]): string[] {
  return links.map(({ a, b }) => `${a} ${b}`).sort()
}
