import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Pace } from '../../../src/controller/push/pace.ts'
import { HandClock } from '../../agent/clock.ts'

it('The first push is due at once, the next after the gathering time or five times what the push took, within bounds', () => {
  const clock = new HandClock()
  for (const [took, gap] of [
    [0, 50],
    [10, 50],
    [40, 200],
    [400, 500],
  ] as const) {
    const pace = new Pace(clock, 50)
    assert.ok(pace.wait <= 0)
    pace.run(() => clock.advance(took))
    assert.equal(pace.wait, gap - took)
    clock.advance(gap - took)
    assert.ok(pace.wait <= 0)
  }
})

it('What changes during a push waits for the next', () => {
  const pace = new Pace(new HandClock(), 50)
  const waits: number[] = []
  pace.run(() => waits.push(pace.wait))
  assert.deepEqual(waits, [50])
})
