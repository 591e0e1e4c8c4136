import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextRound } from 'node:timers/promises'
import { Turns } from '../../src/controller/turns.ts'

describe('Work in turns', () => {
  it('is done at once where it is short', () => {
    const { done, turns, take } = work(1)
    assert.equal(turns.push(take('a', 5)), 'a is over')
    assert.deepEqual(done, ['a0', 'a1', 'a2', 'a3', 'a4'])
  })

  it('lets others have their turn where it is long, and takes all steps in their order', async () => {
    const { done, turns, take } = work(15)
    setImmediate(() => done.push('other'))
    const result = turns.push(take('a', 5))
    assert.deepEqual(done, ['a0', 'a1'])
    assert.equal(await result, 'a is over')
    assert.deepEqual(done, ['a0', 'a1', 'other', 'a2', 'a3', 'a4'])
  })

  it('is one slice in each round for all pushes together, and each has its turn', async () => {
    const { done, turns, take, inRounds } = work(15)
    await inRounds(['a', 'b', 'c'].map((name) => turns.push(take(name, 3))))
    assert.equal(done.join(' '), 'a0 a1 | a2 b0 | c0 c1 | b1 b2 | c2')
  })

  it('that is asked for waits for pushes, and is done one after the other', async () => {
    const { done, turns, take, inRounds } = work(15)
    const asked = ['x', 'y'].map((name) => turns.ask(take(name, 3)))
    assert.deepEqual(done, [])
    await inRounds([...asked, turns.push(take('a', 3))])
    assert.equal(done.join(' '), 'a0 a1 | a2 x0 | x1 x2 | y0 y1 | y2')
  })

  it('that is asked for ends when nobody waits for it any more, begun or not, and the next goes on', async () => {
    const { done, turns, take } = work(25)
    const gone = new AbortController()
    const asked = [turns.ask(take('x', 9), gone.signal), turns.ask(take('y', 9), gone.signal)]
    const last = turns.ask(take('z', 2))
    await nextRound()
    gone.abort(new RangeError('gone'))
    for (const one of asked) await assert.rejects(one, RangeError)
    assert.equal(await last, 'z is over')
    assert.deepEqual(done, ['x0', 'z0', 'z1'])
  })

  it('keeps nothing of what nobody waits for, though something goes on for long before it', async () => {
    const { done, turns, take } = work(25)
    const warned: unknown[] = []
    const warn = (warning: Error) => void warned.push(warning)
    process.on('warning', warn)
    const gone = new AbortController()
    const first = turns.ask(take('a', 9))
    const asked = Array.from({ length: 20 }, () => turns.ask(take('x', 9), gone.signal))
    const next = turns.ask(take('b', 1))
    gone.abort(new RangeError('gone'))
    const ends = await Promise.race([Promise.allSettled(asked), first])
    assert.ok(Array.isArray(ends) && ends.every(({ status }) => status === 'rejected'))
    assert.ok(done.length < 9)
    await assert.rejects(turns.ask(take('y', 1), gone.signal), RangeError)
    assert.deepEqual(await Promise.all([first, next]), ['a is over', 'b is over'])
    assert.ok(!done.some((step) => /^[xy]/.test(step)))
    process.off('warning', warn)
    assert.deepEqual(warned, [], 'as many may wait for the end of one connection as like')
  })

  it('ends with the first step that fails, at once or later, and the others go on', async () => {
    const { done, turns, take } = work(25)
    assert.throws(() => turns.push(take('a', 3, 0)), TypeError)
    const late = turns.push(take('b', 3, 1))
    const other = turns.push(take('c', 1))
    await assert.rejects(async () => await late, TypeError)
    assert.equal(await other, 'c is over')
    assert.deepEqual(done, ['b0', 'c0'])
  })

  it('is told in the log when it fails and nobody waits for it, at once or later', async () => {
    const { turns, take, told } = work(25)
    turns.leave(take('a', 3, 0))
    turns.leave(take('b', 3, 1))
    for (let round = 0; round < 9 && told.length < 2; round++) await nextRound()
    assert.deepEqual(told, ['no', 'no'])
  })
})

/** Steps that take so many milliseconds each, by a clock that nothing else moves. */
function work(milliseconds: number) {
  const done: string[] = []
  const told: string[] = []
  let time = 0
  const log = { error: ({ err }: { readonly err: Error }) => told.push(err.message) }
  const turns = new Turns(log as never, () => time)
  function* take(name: string, count: number, fails?: number): Generator<void, string> {
    for (let step = 0; step < count; step++) {
      time += milliseconds
      if (step === fails) throw new TypeError('no')
      done.push(`${name}${step}`)
      yield
    }
    return `${name} is over`
  }
  /** Notes where rounds of the event loop end until all of it is over. */
  async function inRounds(all: readonly unknown[]): Promise<void> {
    let isOver = false
    const over = Promise.all(all).then(() => {
      isOver = true
    })
    for (let round = 0; round < 99 && !isOver; round++) {
      if (done.length > 0) done.push('|')
      await nextRound()
    }
    await over
    while (done.at(-1) === '|') done.pop()
  }
  return { done, told, turns, take, inRounds }
}
