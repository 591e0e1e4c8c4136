import { toWeftError, WeftError } from '../../errors.ts'
import { type Install, raiseEpoch } from '../install.ts'
import type { Head } from '../log.ts'
import { copyLog, type Source } from '../transfer.ts'
import { parseSite } from './address.ts'
import { importKeysOf, type Keys, keysOf } from './keys.ts'
import { Link, taken } from './link.ts'
import { openRedisLog, type RedisLog } from './log.ts'
import type { RedisLogOptions } from './options.ts'
import { locate } from './place.ts'
import { checkMoving } from './rights.ts'
import { CLEAR } from './scripts/import.ts'

/** Keeps two imports apart. */
const DUTY = 'import'
/** In ms: how long a place is taken for one that was killed, and how often a living one says that it goes on. */
const LEASE = 5_000
const LEASE_INTERVAL = 1_000
/** Milliseconds for servers that do not confirm to come back. */
const PATIENCE = 60_000

/**
 * Makes `source` the log of a realm in which none may be. It is written where no controller looks, and moved in one step
 * once it is whole and safe: so it is there as a whole, or not at all, wherever this ends. Rejects with `already-exists`
 * when there is a log.
 */
export async function installRedisLog(
  source: Source,
  options: RedisLogOptions,
  { newEpoch = false, now }: Install,
): Promise<Head> {
  await makeRoom(options)
  await using log = await openRedisLog({ ...options, keys: importKeysOf(options.realm), journal: undefined })
  if (!(await log.lease(DUTY, LEASE))) throw busy()
  const keep = setInterval(() => void log.lease(DUTY, LEASE).catch(() => undefined), LEASE_INTERVAL)
  try {
    await copyLog(source, log, { patience: PATIENCE })
    if (newEpoch) await raiseEpoch(log, now)
    await moveIn(log, options)
    return log.head()
  } finally {
    clearInterval(keep)
  }
}

/** Looks whether there is a log, and removes what an earlier import left. */
async function makeRoom({ urls, realm, writer }: RedisLogOptions): Promise<void> {
  const site = parseSite(urls)
  const place = await locate(site, keysOf(realm).tag)
  const open = (keys: Keys) => Link.open(place, { access: site.access, keys, writer })
  {
    using link = await open(keysOf(realm))
    const { log } = await link.status()
    if (log && log.head.sequence > 0) throw taken(keysOf(realm), log.head.sequence)
  }
  using link = await open(importKeysOf(realm))
  await checkMoving(link, importKeysOf(realm), keysOf(realm))
  const [answer] = await link.run(CLEAR, [DUTY, writer])
  if (answer !== 'done') throw busy()
}

/** When nobody answers whether it was done, the place where it should be does. */
async function moveIn(log: RedisLog, options: RedisLogOptions): Promise<void> {
  await log.link.settle()
  try {
    await log.link.moveIn(log.head(), keysOf(options.realm))
  } catch (error) {
    if (toWeftError(error).code !== 'store-unavailable') throw error
    await using there = await openRedisLog({ ...options, journal: undefined })
    const { sequence, hash } = await there.refresh()
    const head = log.head()
    if (sequence !== head.sequence || hash !== head.hash) throw error
  }
}

function busy(): WeftError {
  return new WeftError('conflict', 'Another import into this realm is under way.', {
    advice: `Wait for it; when it was killed, for ${LEASE / 1_000} seconds.`,
  })
}
