import { toWeftError, WeftError } from '../../errors.ts'
import { type Install, raiseEpoch, raisingTo } from '../install.ts'
import type { Head } from '../log.ts'
import { patiently } from '../patience.ts'
import { auditSource, copyLog, type End, type Source } from '../transfer.ts'
import { parseSite } from './address.ts'
import { confirm, gone, isSame } from './confirm.ts'
import { continued, remains, taken } from './errors.ts'
import { importKeysOf, type Keys, keysOf } from './keys.ts'
import { Link } from './link.ts'
import { openRedisLog, type RedisLog } from './log.ts'
import type { RedisLogOptions } from './options.ts'
import { locate } from './place.ts'
import { checkMoving } from './rights.ts'
import { CLEAR, REMAINS } from './scripts/import.ts'
import type { LogStatus } from './status.ts'

/** Keeps two imports apart. */
const DUTY = 'import'
/** In ms: how long a place is taken for one that was killed, and how often a living one says that it goes on. */
const LEASE = 5_000
const LEASE_INTERVAL = 1_000
/** Milliseconds, in each step, for servers that do not confirm to come back. */
const PATIENCE = 60_000

interface RedisInstall extends Install {
  readonly patience?: number
}

/** Where a log ends. */
export interface Installed {
  readonly head: Head
  /** Whether it was there before, as an earlier try had left it. */
  readonly wasThere: boolean
}

/**
 * Makes `source` the log of a realm in which no other may be. It is written where no controller looks, and moved in one step
 * once it is whole and safe: so it is there as a whole, or not at all, wherever this ends. Rejects with `already-exists`
 * when there is another log, or what is left of one.
 */
export async function installRedisLog(
  source: Source,
  options: RedisLogOptions,
  { newEpoch = false, now, patience = PATIENCE }: RedisInstall,
): Promise<Installed> {
  const there = await lookAt(options)
  if (there) {
    const end = await auditSource(source)
    // That takes a while, and what was there may be gone since.
    const now = await lookAt(options)
    if (!now) throw gone(there.head)
    await checkSame(end, newEpoch, options, now)
    await confirm(now.head, options, patience)
    return { head: now.head, wasThere: true }
  }
  await makeRoom(options)
  const head = await write(source, options, { newEpoch, now, patience })
  // What was written as it closed; the next import would remove it too.
  await makeRoom(options).catch(() => undefined)
  return { head, wasThere: false }
}

async function write(
  source: Source,
  options: RedisLogOptions,
  { newEpoch, now, patience }: Required<RedisInstall>,
): Promise<Head> {
  const draft = { ...options, keys: importKeysOf(options.realm), journal: undefined }
  await using log = await patiently(patience, () => openRedisLog(draft))
  return await onLease(log, patience, async () => {
    await copyLog(source, log, { patience })
    if (newEpoch) await raiseEpoch(log, now, patience)
    const end = log.head()
    await moveIn(log, options, patience)
    return end
  })
}

/** The log that is there. Rejects with `already-exists` when there is only what is left of one. */
async function lookAt(options: RedisLogOptions): Promise<LogStatus | undefined> {
  const keys = keysOf(options.realm)
  using link = await openLink(options, keys)
  const { log } = await link.status()
  if (log && log.head.sequence > 0) return log
  const [answer, ...counts] = await link.run(REMAINS, [])
  if (answer === 'remains') throw remains(keys, counts)
  return undefined
}

/** Without any barrier: it says what is on the server, safe or not. */
async function openLink({ urls, writer }: RedisLogOptions, keys: Keys): Promise<Link> {
  const site = parseSite(urls)
  return Link.open(await locate(site, keys.tag), { access: site.access, keys, writer })
}

/** Rejects with `already-exists` unless the log that is there is what would come of the one that ends with `end`. */
async function checkSame(
  { head: end, state }: End,
  newEpoch: boolean,
  options: RedisLogOptions,
  there: LogStatus,
): Promise<void> {
  const { base, head, durable } = there
  if (!newEpoch && isSame(head, end)) return
  const keys = keysOf(options.realm)
  using link = await openLink(options, keys)
  const rows = await link.rows(end.sequence, end.sequence + 1, 2)
  const before = [base, ...rows].find(({ sequence }) => sequence === end.sequence)
  if (!isSame(before, end)) throw taken(keys, head.sequence, end.sequence < base.sequence)
  const raised = rows.find(({ sequence }) => sequence === end.sequence + 1)
  const isRaised = state !== undefined && raised?.operation === raisingTo(state.epoch + 1)
  if (newEpoch && isRaised && isSame(raised, head)) return
  throw continued(keys, end, { head, isConfirmed: durable >= end.sequence })
}

/** Removes what an earlier import left. */
async function makeRoom(options: RedisLogOptions): Promise<void> {
  const keys = importKeysOf(options.realm)
  using link = await openLink(options, keys)
  await checkMoving(link, keys, keysOf(options.realm))
  const [answer] = await link.run(CLEAR, [DUTY, options.writer])
  if (answer !== 'done') throw busy()
}

/** Keeps other imports away meanwhile; when it fails, the next one need not wait. */
async function onLease<Result>(
  log: RedisLog,
  patience: number,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!(await patiently(patience, () => log.lease(DUTY, LEASE)))) throw busy()
  const keep = setInterval(() => void log.lease(DUTY, LEASE).catch(() => undefined), LEASE_INTERVAL)
  try {
    return await work()
  } catch (error) {
    clearInterval(keep)
    await log.lease(DUTY, 1).catch(() => undefined)
    throw error
  } finally {
    clearInterval(keep)
  }
}

/** When it is not known whether it was done, or whether it is safe, the place where it should be says so. */
async function moveIn(log: RedisLog, options: RedisLogOptions, patience: number): Promise<void> {
  const head = log.head()
  const isSafe = await patiently(patience, async () => {
    const failure = await move(log, options).then(() => undefined, toWeftError)
    if (!failure) return true
    const there = await lookAt(options)
    if (isSame(there?.head, head)) return false
    throw failure
  })
  if (!isSafe) await confirm(head, options, patience)
}

async function move(log: RedisLog, { realm }: RedisLogOptions): Promise<void> {
  await log.link.settle()
  await log.link.moveIn(log.head(), keysOf(realm))
}

function busy(): WeftError {
  return new WeftError('conflict', 'Another import into this realm is under way.', {
    advice: `Wait for it; when it was killed, for ${LEASE / 1_000} seconds.`,
  })
}
