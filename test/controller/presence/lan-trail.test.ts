import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LanTrail, type Mark } from '../../../src/controller/presence/lan-trail.ts'
import { nodeId } from '../../model/history.ts'

describe('The trail of a LAN', () => {
  it('names exactly those to whom something happened since, whatever was swept and forgotten', () => {
    const step = fc.record({ node: fc.nat(9), later: fc.nat(3), forgets: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const trail = new LanTrail()
        let all: Mark[] = []
        let [number, first] = [0, 0]
        for (const { node, later, forgets } of steps) {
          number += later
          const mark = { node: nodeId(node), number }
          all.push(mark)
          trail.add(mark)
          if (forgets === 0) {
            first = number - 10
            all = all.filter((one) => one.number >= first)
            assert.equal(trail.forget(first), all.length === 0)
          }
          for (let from = Math.max(0, first); from <= number + 1; from++) {
            const wanted = all.filter((one) => one.number >= from).map((one) => one.node)
            assert.deepEqual(trail.since(from), new Set(wanted.toReversed()))
          }
        }
        assert.equal(trail.forget(number + 1), true)
      }),
    )
  })
})
