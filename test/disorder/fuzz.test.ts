import { describe, it } from 'node:test'
import { assertSound } from './fuzz.ts'
import { fuzzAgent, fuzzDialling } from './fuzz-agent.ts'
import { fuzzController, fuzzGreeting } from './fuzz-controller.ts'

const FRAMES = 6_000
/** Each opens a session, or tries to. */
const HANDSHAKES = 1_500

describe('Frames with something wrong in each', () => {
  it('give an agent nothing that was not signed, do not stop it, and are refused with a code', async () => {
    assertSound(await fuzzAgent(FRAMES, 1), FRAMES)
  })

  it('let an agent that opens a session believe nobody but its controller', async () => {
    assertSound(await fuzzDialling(HANDSHAKES, 1), HANDSHAKES)
  })

  it('bring nothing into the log of a controller, do not stop it, and are refused with a code', async () => {
    assertSound(await fuzzController(FRAMES, 2), FRAMES)
  })

  it('let nobody in at a controller who has not proven itself, and are refused with a code', async () => {
    assertSound(await fuzzGreeting(HANDSHAKES, 2), HANDSHAKES)
  })
})
