import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countLost, gapsIn, History } from './history.ts'
import { Tally } from './runs.ts'

describe('the checker of histories', () => {
  const told = () => {
    const history = new History()
    for (const name of ['a', 'b', 'c', 'd']) history.invoke(name)
    history.ok('a', '1')
    history.unknown('b')
    history.fail('c')
    return history
  }

  it('finds nothing wrong with what was told, whatever became of the unknown', () => {
    assert.deepEqual(told().check([['a', '1']]), [])
    assert.deepEqual(
      told().check([
        ['a', '1'],
        ['b', '2'],
        ['d', '3'],
      ]),
      [],
    )
    assert.deepEqual(told().open, ['b', 'd'])
    assert.deepEqual(told().acknowledged, ['a'])
  })

  it('finds what is lost, doubled, altered, refused and yet there, or never asked for', () => {
    assert.deepEqual(told().check([]), ['a was acknowledged and is lost'])
    assert.deepEqual(
      told().check([
        ['a', '1'],
        ['a', '1'],
      ]),
      ['a is there 2 times'],
    )
    assert.deepEqual(told().check([['a', '9']]), ['a was answered with 1 and is 9'])
    assert.deepEqual(
      told().check([
        ['a', '1'],
        ['c', '2'],
      ]),
      ['c was refused and is there'],
    )
    assert.deepEqual(
      told().check([
        ['a', '1'],
        ['x', '2'],
      ]),
      ['x is there, and nobody asked for it'],
    )
  })

  it('finds answers that contradict each other', () => {
    const history = told()
    history.ok('b', '2')
    history.ok('b', '3')
    history.fail('a')
    history.unknown('a')
    const wrong = history.check([
      ['a', '1'],
      ['b', '3'],
    ])
    assert.deepEqual(wrong, [
      'b was answered with 2, and later with 3',
      'a was done, and was refused when it was asked for again',
    ])
  })

  it('finds gaps', () => {
    assert.deepEqual(gapsIn([]), [])
    assert.deepEqual(gapsIn([4, 5, 6]), [])
    assert.deepEqual(gapsIn([1, 2, 4]), ['number 4 stands where 3 should be'])
    assert.deepEqual(gapsIn([1, 1]), ['number 1 stands where 2 should be'])
  })

  it('counts what is lost', () => {
    assert.equal(countLost(['a', 'b', 'c'], ['b', 'd']), 2)
  })

  it('takes for lost what no check has found', async () => {
    const tally = new Tally()
    await tally.count(3, async () => undefined)
    await assert.rejects(tally.count(2, () => Promise.reject(new Error('entry 4'))))
    assert.deepEqual({ ...tally }, { runs: 2, acknowledged: 5, lost: 2 })
  })
})
