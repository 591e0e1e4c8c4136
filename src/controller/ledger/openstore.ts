import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { WeftError } from '../../errors.ts'
import type { Random } from '../../keys/random.ts'
import { toBase32 } from '../../keys/text.ts'
import { checkNothingLeft } from '../../log/beside.ts'
import { takeLock } from '../../log/lock.ts'
import type { Log } from '../../log/log.ts'
import { realOf } from '../../log/realpath.ts'
import type { RedisNews } from '../../log/redis/options.ts'
import { openSqliteLog } from '../../log/sqlite.ts'
import { JOURNAL_FILE, LOG_FILE, WEBHOOKS_FILE } from '../home.ts'
import type { Board } from '../presence/sharing.ts'
import type { ControllerSettings } from '../settings.ts'
import { type DeliveryStore, SqliteDeliveries } from '../webhooks/deliveries.ts'
import { readKeptHead } from './kepthead.ts'
import { checkNotLeftBehind } from './leftbehind.ts'

export interface StoreTools {
  readonly log: Logger
  readonly random: Random
}

/** Of a data directory. */
export interface StoreFiles {
  readonly dataDir: string
  /** Where the signed head is kept. */
  readonly headFile: string
}

/** A log, and what its controllers tell each other besides. */
export interface OpenStore {
  readonly store: Log
  /** Undefined when there is only one controller. */
  readonly board: (Board & Disposable) | undefined
  /** How far webhooks are told; shared like the log. */
  readonly deliveries: DeliveryStore & Disposable
}

/** For one whose settings were not read, as an environment file that is not there: a file is what a controller has by default. */
const ON_REDIS =
  'Start it with --store redis (WEFT_STORE, store) and redisUrls, as before, if the log is there still.'

/**
 * The log that the settings name: a file of this controller, or one on Redis that it shares with others. Rejects with
 * `conflict` where that file was left behind when the log went to Redis, and with `log-damaged` where it is gone: one that was made
 * there would be in the way of the copy that is to be brought back.
 */
export async function openStore(
  settings: ControllerSettings,
  { dataDir, headFile }: StoreFiles,
  { log, random }: StoreTools,
): Promise<OpenStore> {
  if (settings.store === 'sqlite') {
    checkNotLeftBehind(dataDir, ON_REDIS)
    const path = join(dataDir, LOG_FILE)
    await checkNotGone(path, headFile)
    return {
      store: await openSqliteLog(path),
      board: undefined,
      deliveries: new SqliteDeliveries(join(dataDir, WEBHOOKS_FILE)),
    }
  }
  // Who has a file needs no client for Redis.
  const { openRedisLog } = await import('../../log/redis/log.ts')
  const { RedisBoard } = await import('../../log/redis/board.ts')
  const { RedisDeliveries } = await import('../webhooks/redis-deliveries.ts')
  const writer = toBase32(random(10))
  const { redisUrls: urls, redisRealm: realm, redisLevel: level } = settings
  const journal = join(dataDir, JOURNAL_FILE)
  const store = await openRedisLog({ urls, realm, level, writer, journal, tell: (news) => tell(news, log) })
  return { store, board: new RedisBoard(store, writer), deliveries: new RedisDeliveries(store) }
}

/** A head that cannot be read says nothing. */
async function checkNotGone(path: string, headFile: string): Promise<void> {
  if (existsSync(path)) return
  const kept = await readKeptHead(headFile).catch(() => undefined)
  if (!kept) return
  // An import may be about to put it there.
  using _lock = takeLock(path)
  if (existsSync(path)) return
  checkNothingLeft(realOf(path))
  const then = new Date(kept.at).toISOString()
  throw gone(`On ${then} the log had ${kept.sequence} entries, but now there is no ${path}.`, headFile)
}

/** Keys would be made anew, and every agent would be an orphan. @param missing of what was there */
export function gone(missing: string, headFile: string): WeftError {
  return new WeftError('log-damaged', `The log is gone. ${missing}`, {
    advice: `Bring a copy back with 'weft log import'. To begin anew on purpose, remove ${headFile}.`,
  })
}

function tell(news: RedisNews, log: Logger): void {
  switch (news.kind) {
    case 'accepting':
      return log.info({ server: news.server }, 'the log takes changes')
    case 'unwitnessed':
      return log.warn(
        { server: news.server },
        'nobody could vouch for what this Redis server has: it is believed',
      )
    case 'refusing': {
      const { code, message: reason, cause } = news.reason
      const isGrave = code !== 'store-unavailable'
      log[isGrave ? 'fatal' : 'warn']({ code, reason, cause }, 'the log takes no changes')
      return
    }
    case 'lost':
      for (const entry of news.entries) log.error(entry, 'this acknowledged change was lost')
      log.fatal({ reason: news.reason.message, known: news.entries.length }, 'acknowledged changes were lost')
  }
}
