import { toWeftError, WeftError } from '../../errors.ts'
import { EMPTY } from '../chain.ts'
import type { Head } from '../log.ts'
import { patiently } from '../patience.ts'
import { taken } from './errors.ts'
import { openRedisLog, type RedisLog } from './log.ts'
import type { RedisLogOptions } from './options.ts'

/**
 * Resolves when all who must have the imported log, which was seen in its place, have it. Rejects with `store-unavailable`
 * when they do not, or when it is gone: no other is begun there.
 */
export async function confirm(head: Head, options: RedisLogOptions, patience: number): Promise<void> {
  try {
    const there = { ...options, journal: undefined, mustExist: true }
    await using log = await patiently(patience, () => openRedisLog(there))
    await patiently(patience, () => settle(log, head))
  } catch (error) {
    const reason = toWeftError(error)
    if (reason.code === 'not-found') throw gone(head, reason)
    throw reason.code === 'store-unavailable' ? unconfirmed(head, reason) : reason
  }
}

/** It is looked for and made safe on one link: the primary of before may be gone since, and another one never have had it. */
async function settle({ keys, link }: RedisLog, head: Head): Promise<void> {
  const { head: end, base } = (await link.status()).log ?? { head: EMPTY, base: EMPTY }
  const at = [end, base].find(({ sequence }) => sequence === head.sequence)
  const there = at ?? (await link.rows(head.sequence, head.sequence, 1))[0]
  if (!isSame(there, head)) throw taken(keys, end.sequence, head.sequence < base.sequence)
  await link.settle()
}

/** Whether they are the same entry of the same log. */
export function isSame(one: Head | undefined, { sequence, hash }: Head): boolean {
  return one?.sequence === sequence && one.hash === hash
}

function unconfirmed({ sequence }: Head, cause: WeftError): WeftError {
  const message = `The log was put there, whole, up to entry ${sequence}, but is not confirmed yet: ${cause.message}`
  return new WeftError('store-unavailable', message, {
    advice:
      'Leave it there. Do the import again when that is mended: it then says whether it is there and confirmed.',
    cause,
  })
}

/** Of a log that was seen there a moment ago. */
export function gone({ sequence }: Head, cause?: WeftError): WeftError {
  const message = `The log was there, whole, up to entry ${sequence}, but is not any more: the Redis server has none.`
  return new WeftError('store-unavailable', message, {
    advice:
      'Before everybody had it another server became the primary, or it was emptied. Do the import again.',
    cause,
  })
}
