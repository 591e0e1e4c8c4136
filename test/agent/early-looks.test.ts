import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EarlyLooks } from '../../src/agent/early-looks.ts'
import { ID_BYTES, toNetworkId } from '../../src/model/names.ts'
import { HandClock } from './clock.ts'

const network = toNetworkId(new Uint8Array(ID_BYTES))

/** A membership that counts when it is looked at. */
function member(clock: HandClock) {
  const looks: number[] = []
  return {
    network,
    looks,
    inspect: async () => void looks.push(clock.monotonic()),
  }
}

describe('A new plan', () => {
  it('is looked at three times, and one that follows soon gets its own looks, late at most by one wait', () => {
    const clock = new HandClock()
    const looks = new EarlyLooks(clock)
    const one = member(clock)
    looks.after(one)
    clock.advance(500)
    looks.after(one)
    clock.advance(60_000)
    assert.deepEqual(one.looks, [1_000, 2_000, 3_000, 6_000, 8_000, 16_000])
  })

  it('is looked at where it is now, when the network was left and entered again meanwhile', () => {
    const clock = new HandClock()
    const looks = new EarlyLooks(clock)
    const [before, now] = [member(clock), member(clock)]
    looks.after(before)
    clock.advance(1_500)
    looks.after(now)
    clock.advance(60_000)
    assert.deepEqual(before.looks, [1_000])
    assert.deepEqual(now.looks, [2_500, 3_000, 6_000, 8_000, 16_000])
  })
})
