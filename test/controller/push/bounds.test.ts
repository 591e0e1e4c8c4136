import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NodeBuckets } from '../../../src/controller/push/bounds.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'

describe('What bounds an agent', () => {
  it('is remembered for as long as its bucket is not full again, and no longer', () => {
    const clock = new HandClock()
    const buckets = new NodeBuckets(clock, { burst: 10, rate: 2 })
    const count = (node: number, tries: number) =>
      Array.from({ length: tries }, () => buckets.take(nodeId(node))).filter(Boolean).length
    for (let node = 2; node < 1_000; node++) assert.equal(count(node, 1), 1, 'who comes once is no trouble')
    assert.equal(count(1, 30), 10)
    assert.equal(buckets.size, 999)
    clock.advance(600)
    assert.equal(count(1, 30), 1)
    assert.equal(buckets.size, 1)
    clock.advance(4_800)
    assert.equal(count(2, 30), 10)
    assert.equal(buckets.size, 2)
    clock.advance(200)
    assert.equal(count(2, 1), 0)
    assert.equal(buckets.size, 1)
    assert.equal(count(1, 30), 10)
  })
})
