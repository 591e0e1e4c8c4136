import { describe, it } from 'node:test'
import { report, runs } from '../chaos/runs.ts'
import { assertSound } from './fuzz.ts'
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
    it(`leave ${side} as it was, are refused with a code, and take no memory`, async () => {
      const tally = await fuzz(frames, 3)
      const { refused, taken, broken, growth } = tally
      report(`frames for ${side}`, {
        frames,
        taken,
        'no JSON': broken,
        ...Object.fromEntries(refused),
        'bytes of growth': growth,
      })
      assertSound(tally, frames)
    })
  }
})
