import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { View } from '../../src/protocol/view.ts'
import { encoded, nodeId } from './samples.ts'

const change = fc.record({
  node: fc.integer({ min: 1, max: 6 }),
  revision: fc.integer({ min: 1, max: 50 }),
  gone: fc.boolean(),
})

describe('A view', () => {
  it('after any changes has the digest of a view made from its records at once', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const view = new View()
        for (const { node, revision, gone } of changes) {
          if (gone) view.change([], [nodeId(node)])
          else view.change([encoded(node, revision)], [])
        }
        assert.equal(view.digest(), View.of(view.encodedRecords()).digest())
      }),
      { numRuns: 60 },
    )
  })

  it('goes its own way as a copy, and leaves the first as it was', () => {
    const view = View.of([encoded(1), encoded(2)])
    const copy = view.copy()
    assert.equal(copy.digest(), view.digest())
    copy.change([encoded(3)], [nodeId(1)])
    assert.equal(copy.digest(), View.of([encoded(2), encoded(3)]).digest())
    assert.equal(view.digest(), View.of([encoded(1), encoded(2)]).digest())
  })

  it('stays as it was when a change does not lead to the digest that was announced', () => {
    const view = View.of([encoded(1), encoded(2)])
    const before = view.digest()
    assert.throws(() => view.changeTo('A'.repeat(22), [encoded(1, 40), encoded(3)], [nodeId(2)]), {
      code: 'digest-mismatch',
    })
    assert.equal(view.digest(), before)
    assert.deepEqual(
      view
        .records()
        .map(({ node }) => node)
        .toSorted(),
      [nodeId(1), nodeId(2)].toSorted(),
    )
    assert.equal(view.record(nodeId(1))?.revision, 2)
  })

  it('stays as it was when a record is malformed', () => {
    const view = View.of([encoded(1)])
    const before = view.digest()
    assert.throws(() => view.change([encoded(2), encoded(3).subarray(0, 40)], [nodeId(1)]), {
      code: 'protocol-error',
    })
    assert.equal(view.digest(), before)
  })
})
