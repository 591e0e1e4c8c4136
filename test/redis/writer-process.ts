// A controller's worth of writers in a process of its own: one that can be stopped, or be on another machine.

import { openRedisLog } from '../../src/log/redis/log.ts'
import type { RedisLogOptions } from '../../src/log/redis/options.ts'
import { answerCalls } from '../bench/helper.ts'
import { Writers } from './writers.ts'

let writers: Writers | undefined
let options: Omit<RedisLogOptions, 'tell'> | undefined

const calls = {
  /** @param name begins the names of its operations */
  async start(given: Omit<RedisLogOptions, 'tell'>, name: string): Promise<void> {
    options = given
    writers = await Writers.start(1, () => given, name)
  },
  acknowledged: () => writers?.acknowledged ?? 0,
  onlyAsk(value: boolean): void {
    if (writers) writers.onlyAsk = value
  },
  declined: () => writers?.declined ?? 0,
  refused: () => writers?.refused ?? 0,
  /** Takes or keeps a duty. */
  lease: (duty: string, life: number) => writers?.logs[0]?.lease(duty, life),
  resetPauses: () => writers?.resetPauses(),
  stop: () => writers?.stop(),
  /** How many of the acknowledged are in the log as it is now. Rejects with what is wrong with it. */
  async check(): Promise<number> {
    if (!(writers && options)) throw new Error('nothing was started')
    await using log = await openRedisLog({
      ...options,
      writer: `${options.writer}-check`,
      journal: undefined,
    })
    return await writers.check(log)
  },
}

export type WriterCalls = typeof calls

answerCalls(calls)
