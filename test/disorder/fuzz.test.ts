import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fuzzAgent, fuzzController, type Tally } from './fuzz.ts'

const FRAMES = 6_000

describe(`${FRAMES} frames with something wrong in each`, () => {
  it('give an agent nothing that was not signed, do not stop it, and are refused with a code', async () => {
    assertSound(await fuzzAgent(FRAMES, 1))
  })

  it('bring nothing into the log of a controller, do not stop it, and are refused with a code', async () => {
    assertSound(await fuzzController(FRAMES, 2))
  })
})

function assertSound({ refused, growth }: Tally): void {
  assert.ok((refused.get('protocol-error') ?? 0) > FRAMES / 2, JSON.stringify([...refused]))
  assert.equal(refused.get('internal'), undefined, 'nothing happens that nobody thought of')
  assert.ok(growth < 10_000_000, `${growth} bytes more`)
}
