import { setImmediate as turn } from 'node:timers/promises'
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
  /** Bytes by which the heap grew. */
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
  let [taken, start] = [0, 0]
  for (let frame = 0; frame < frames; frame++) {
    try {
      const code = await give(mutate(pick(), pick(), number))
      if (code === undefined) taken += 1
      else count(code)
    } catch (error) {
      count(toWeftError(error).code)
    }
    if (frame % BATCH !== 0) continue
    await turn()
    await check()
    if (frame === warm) start = heapUsed()
  }
  await turn()
  await check()
  return { refused, taken, growth: heapUsed() - start }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}
