import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fuzzAgent, fuzzController } from './fuzz.ts'

/** `npm run faults` takes a million: some minutes of one core, most of them for signatures. */
const FRAMES = Number(process.env.WEFT_FUZZ_FRAMES ?? 100_000)

describe(`${FRAMES} frames with something wrong in each`, () => {
  for (const [side, fuzz] of [
    ['an agent', fuzzAgent],
    ['a controller', fuzzController],
  ] as const) {
    it(`leave ${side} as it was, with no more memory in use, and each is counted`, async (context) => {
      const { refused, taken, growth } = await fuzz(FRAMES, 3)
      const counted = [...refused.values()].reduce((sum, count) => sum + count, taken)
      context.diagnostic(`refused ${JSON.stringify([...refused])}, taken ${taken}, growth ${growth} bytes`)
      assert.equal(counted, FRAMES)
      assert.equal(refused.get('internal'), undefined, 'nothing happens that nobody thought of')
      assert.ok(growth < 10_000_000, `${growth} bytes more`)
    })
  }
})
