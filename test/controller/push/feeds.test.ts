import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HandClock } from '../../agent/clock.ts'
import { begin } from '../../topology/policy/play.ts'
import { FeedWorld, GATHER } from './feed-world.ts'

describe('Changes of a network', () => {
  it('go out at once when nothing came before, and together when they follow, at most the gathering time later', async () => {
    const clock = new HandClock()
    const world = new FeedWorld(begin('mesh'), clock)
    const pushes: number[] = []
    world.feeds.onTouched(() => pushes.push(clock.monotonic()))
    world.come(1)
    await turn()
    assert.deepEqual(pushes, [0], 'the first at once')
    for (let number = 2; number <= 9; number++) {
      clock.advance(10)
      world.come(number)
      await turn()
    }
    // By now 80 ms have passed with a change every 10 ms: they put nothing off.
    assert.deepEqual(pushes, [0, GATHER])
    clock.advance(200)
    assert.deepEqual(pushes, [0, GATHER, 2 * GATHER], 'and no push without news')
    world.come(10)
    await turn()
    assert.deepEqual(pushes, [0, GATHER, 2 * GATHER, 280], 'after a rest at once again')
  })

  it('wait longer where pushing takes long, and ten gathering times at most', async () => {
    for (const [took, next] of [
      [0, GATHER],
      [40, 5 * 40],
      [400, 10 * GATHER],
    ] as const) {
      const clock = new HandClock()
      const world = new FeedWorld(begin('mesh'), clock)
      const pushes: number[] = []
      world.feeds.onTouched(() => {
        pushes.push(clock.monotonic())
        if (pushes.length === 1) clock.advance(took)
      })
      world.come(1)
      await turn()
      for (const number of [2, 3, 4]) world.come(number)
      clock.advance(1_000)
      assert.deepEqual(pushes, [0, next])
    }
  })

  it('wait for a push that goes on in later turns, however long that takes, and go together then', async () => {
    const clock = new HandClock()
    const world = new FeedWorld(begin('mesh'), clock)
    const pushes: PromiseWithResolvers<void>[] = []
    world.feeds.onTouched(() => {
      const push = Promise.withResolvers<void>()
      pushes.push(push)
      return push.promise
    })
    world.come(1)
    await turn()
    for (const number of [2, 3]) {
      world.come(number)
      clock.advance(10 * GATHER)
      await turn()
    }
    assert.equal(pushes.length, 1, 'the first is under way')
    pushes[0]?.resolve()
    await turn()
    clock.advance(10 * GATHER)
    await turn()
    assert.equal(pushes.length, 2)
  })
})
