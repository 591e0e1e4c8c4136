import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Backoff } from '../../../src/agent/backoff.ts'
import { drainWindow } from '../../../src/controller/push/drain.ts'
import { Crowd, framesOf, newIdentity } from '../../disorder/crowd.ts'
import { eventually } from '../../rig.ts'

/** From here on each agent makes the window longer. */
const FEW = 1_333
const AT_ONCE = 50

describe('The window in which drained agents come back', () => {
  it('is two seconds for as many as come back in that time, and grows with each one more', () => {
    for (const few of [0, 1, FEW]) assert.equal(drainWindow(few), 2_000)
    assert.deepEqual([1_334, 2_000, 10_000, 100_000].map(drainWindow), [2_001, 3_000, 15_000, 150_000])
  })

  it('gives each agent so much time that no second of it brings more than can be let in', () => {
    for (const agents of [10, FEW, 10_000]) {
      // The least favourable series of moments that are spread evenly: those of the agents' own choice, by numbers in a row.
      let number = 0
      const random = () => {
        const bytes = new Uint8Array(4)
        new DataView(bytes.buffer).setUint32(0, Math.floor((number++ / agents) * 2 ** 32))
        return bytes
      }
      const backoff = new Backoff(random)
      const seconds = new Map<number, number>()
      for (let agent = 0; agent < agents; agent++) {
        const second = Math.floor(backoff.within(drainWindow(agents)) / 1_000)
        seconds.set(second, (seconds.get(second) ?? 0) + 1)
      }
      assert.ok(
        Math.max(...seconds.values()) <= 667,
        `${agents} agents: ${[...seconds.values()].slice(0, 9)} a second`,
      )
    }
  })

  it('is told to all that are connected, as long as their number makes it', async () => {
    const agents = FEW + 67
    await using crowd = await Crowd.gather(1)
    const secret = await crowd.token(agents)
    for (let at = 1; at < agents; at += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, agents - at) }, (_, each) => `m${at + each}`)
      await Promise.all(
        some.map((name) => crowd.connect(newIdentity(), { join: { secret, name }, networks: [] })),
      )
    }
    crowd.controller.drain()
    const told = () => crowd.listeners.flatMap(framesOf).filter((frame) => frame.type === 'drain')
    await eventually('each of them is told', () => told().length === agents)
    assert.deepEqual(new Set(told().map(({ reconnectWithin }) => reconnectWithin)), new Set([2_100]))
  })
})
