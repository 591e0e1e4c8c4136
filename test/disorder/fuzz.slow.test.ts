import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { report, runs } from '../chaos/runs.ts'
import { fuzzAgent, fuzzDialling } from './fuzz-agent.ts'
import { fuzzController, fuzzGreeting } from './fuzz-controller.ts'

/** `npm run faults` takes a million a side: some minutes of one core, most of them for signatures. */
const FRAMES = runs(50_000, 900_000)
/** Each opens a session, or tries to. */
const HANDSHAKES = runs(5_000, 100_000)

describe('Frames with something wrong in each', () => {
  for (const [side, fuzz, frames] of [
    ['an agent', fuzzAgent, FRAMES],
    ['an agent that opens a session', fuzzDialling, HANDSHAKES],
    ['a controller', fuzzController, FRAMES],
    ['a controller that somebody calls', fuzzGreeting, HANDSHAKES],
  ] as const) {
    it(`leave ${side} as it was, with no more memory in use, and each is counted`, async () => {
      const { refused, taken, growth } = await fuzz(frames, 3)
      const counted = [...refused.values()].reduce((sum, count) => sum + count, taken)
      report(`frames for ${side}`, {
        frames,
        taken,
        ...Object.fromEntries(refused),
        'bytes of growth': growth,
      })
      assert.equal(counted, frames)
      assert.equal(refused.get('internal'), undefined, 'nothing happens that nobody thought of')
      assert.ok(growth < 10_000_000, `${growth} bytes more`)
    })
  }
})
