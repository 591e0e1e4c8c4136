import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Asking } from '../../../src/controller/push/asking.ts'

it('an agent may ask for all its networks at once, and then a few times a second', () => {
  const asking = new Asking()
  const times = (now: number) => Array.from({ length: 500 }, () => asking.allows(now)).filter(Boolean).length
  assert.equal(times(1_000_000), 100)
  assert.equal(times(1_000_000), 0)
  assert.equal(times(1_002_000), 10)
  assert.equal(times(2_000_000), 100)
})
