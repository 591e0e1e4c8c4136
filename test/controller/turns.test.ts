import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inTurns } from '../../src/controller/turns.ts'

describe('Work in turns', () => {
  it('is done at once where it is short', () => {
    const { done, now, take } = work(1)
    assert.equal(inTurns(take(5), now), 'over')
    assert.deepEqual(done, ['0', '1', '2', '3', '4'])
  })

  it('lets others have their turn where it is long, and takes all steps in their order', async () => {
    const { done, now, take } = work(15)
    setImmediate(() => done.push('other'))
    const result = inTurns(take(5), now)
    assert.deepEqual(done, ['0', '1'])
    assert.equal(await result, 'over')
    assert.deepEqual(done, ['0', '1', 'other', '2', '3', '4'])
  })

  it('ends with the first step that fails, at once or later', async () => {
    const { done, now, take } = work(25)
    assert.throws(() => inTurns(take(3, 0), now), TypeError)
    const late = inTurns(take(3, 1), now)
    await assert.rejects(async () => await late, TypeError)
    assert.deepEqual(done, ['0'])
  })
})

/** Steps that take so many milliseconds each, by a clock that nothing else moves. */
function work(milliseconds: number) {
  const done: string[] = []
  let time = 0
  function* take(count: number, fails?: number): Generator<void, string> {
    for (let step = 0; step < count; step++) {
      time += milliseconds
      if (step === fails) throw new TypeError('no')
      done.push(`${step}`)
      yield
    }
    return 'over'
  }
  return { done, now: () => time, take }
}
