import assert from 'node:assert/strict'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toWeftError } from '../../src/errors.ts'
import { mutate, numbersFrom } from './mutate.ts'

/** What became of the frames of a series. */
export interface Tally {
  /** By the code of the refusal. */
  readonly refused: ReadonlyMap<string, number>
  /** Taken: what was wrong made no difference, or made it another frame that is right. */
  readonly taken: number
  /** Were no JSON at all, by another judge than the one who is tested: at least these have to be refused. */
  readonly broken: number
  /** Bytes that are held at the end and were not when all was warm, on the heap and in buffers outside of it. */
  readonly growth: number
}

export interface Series {
  readonly frames: number
  readonly seed: number
  /** What is mutated: one of each type, as it is sent. */
  readonly originals: readonly string[]
  /** Gives it to the side that is tested. Throws what it was refused for; resolves with the code where that is told. */
  readonly give: (text: string) => string | undefined | Promise<string | undefined>
  /** Throws when something came through. */
  readonly check: () => void | Promise<void>
}

/** After so many frames, whatever else there is to do is done. */
const BATCH = 500
/** By then, or by the middle of a shorter series, all code that is ever used has been compiled. */
const WARM = 2_500

/** Gives one side a series of frames with something wrong in each. */
export async function series({ frames, seed, originals, give, check }: Series): Promise<Tally> {
  const number = numbersFrom(seed)
  const pick = () => originals[number(originals.length)] ?? ''
  const refused = new Map<string, number>()
  const count = (code: string) => refused.set(code, (refused.get(code) ?? 0) + 1)
  const warm = Math.min(WARM, Math.floor(frames / BATCH / 2) * BATCH)
  let [taken, broken, start] = [0, 0, 0]
  for (let frame = 0; frame < frames; frame++) {
    const text = mutate(pick(), pick(), number)
    if (!isJson(text)) broken += 1
    try {
      const code = await give(text)
      if (code === undefined) taken += 1
      else count(code)
    } catch (error) {
      count(toWeftError(error).code)
    }
    if (frame % BATCH !== 0) continue
    await turn()
    await check()
    if (frame === warm) start = held()
  }
  await turn()
  await check()
  return { refused, taken, broken, growth: (await heldAtRest()) - start }
}

/** Fails unless what is wrong is refused, for one of the reasons that there can be, and nothing of it is kept. */
export function assertSound({ refused, taken, broken, growth }: Tally, frames: number): void {
  const text = JSON.stringify({ ...Object.fromEntries(refused), taken, broken })
  const unforeseen = [...refused.keys()].filter((code) => !REASONS.includes(code))
  assert.deepEqual(unforeseen, [], `nothing happens that nobody thought of: ${text}`)
  assert.ok(broken > frames / 3, `many have something wrong that anybody sees: ${text}`)
  assert.ok((refused.get('protocol-error') ?? 0) >= broken, `what is no frame is refused as that: ${text}`)
  // Of what is JSON, some is right: another revision, an address, a time.
  assert.ok(taken < frames / 5, `few are taken: ${text}`)
  assert.ok(growth < allowance(frames), `${growth} bytes more`)
}

/** Another key, signature or digest than the right one, no frame at all, and what a controller says itself. */
const REASONS = ['protocol-error', 'digest-mismatch', 'identity-mismatch', 'token-spent']
/**
 * A warm process is up and down by so much, and more the longer it runs. A kilobyte kept of each frame is more in the short
 * series, and a hundred bytes in the long ones.
 */
function allowance(frames: number): number {
  return 1_500_000 + 60 * Math.min(frames, 100_000)
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** The least of some looks: what is kept is there in each, and what sockets and timers still hold goes meanwhile. */
async function heldAtRest(): Promise<number> {
  let least = held()
  for (let look = 0; look < 4; look++) {
    await pause(50)
    least = Math.min(least, held())
  }
  return least
}

/** Buffers are given back only after what held them. */
function held(): number {
  for (let time = 0; time < 2; time++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
