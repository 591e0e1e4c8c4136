import assert from 'node:assert/strict'
import { it } from 'node:test'
import { hasLeftSince } from '../../../src/controller/push/ahead.ts'
import { apply } from '../../../src/model/apply.ts'
import type { State } from '../../../src/model/state.ts'
import { nodeId } from '../../model/history.ts'
import { begin, NETWORK, play } from '../../topology/policy/play.ts'

const node = nodeId(1)

/** Of what it was told (epoch and revision) that a member is told that it has left, where this is what the log says. */
function told(state: State, points: readonly (readonly [epoch: number, revision: number])[]) {
  return points.filter(([epoch, revision]) =>
    hasLeftSince(state, node, { network: NETWORK, epoch, revision }),
  )
}

it('a member has left since what it was told before that, in whichever epoch, and not since what came behind', () => {
  const start = { ...begin('mesh'), epoch: 2 }
  const left = play(start, [
    { kind: 'come', number: 1 },
    { kind: 'come', number: 2 },
    { kind: 'go', number: 1 },
  ]).state
  const points = [
    [1, 2],
    [1, 9],
    [2, 3],
    [2, 4],
    [2, 5],
    [3, 1],
  ] as const
  const before = [
    [1, 2],
    [1, 9],
    [2, 3],
    [2, 4],
  ]
  assert.equal(left.networks.get(NETWORK)?.revision, 4)
  assert.deepEqual(told(left, points), before)
  const later = play(left, [{ kind: 'come', number: 3 }]).state
  assert.deepEqual(told(apply(later, { type: 'epoch-raised', epoch: 3 }), points), before)
  assert.deepEqual(told(apply(later, { type: 'network-deleted', id: NETWORK }), points), points)
})

it('where it is not known as of when a member left, or whether it was one, only what is of this epoch is before that', () => {
  const start = { ...begin('mesh'), epoch: 2 }
  assert.deepEqual(
    told(start, [
      [1, 1],
      [2, 1],
    ]),
    [[2, 1]],
  )
})
