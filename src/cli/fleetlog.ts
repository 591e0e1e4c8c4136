import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { LOG_FILE, usualDataDir } from '../controller/home.ts'
import { checkNotLeftBehind } from '../controller/ledger/leftbehind.ts'
import { controllerSettings } from '../controller/settings.ts'
import { WeftError } from '../errors.ts'
import { systemRandom } from '../keys/random.ts'
import { toBase32 } from '../keys/text.ts'
import { checkBelongs } from '../log/beside.ts'
import { realOf } from '../log/realpath.ts'
import type { RedisLogOptions } from '../log/redis/options.ts'
import type { DoubtedSource } from '../log/redis/source.ts'
import { openSource } from '../log/source.ts'
import { environmentName, loadSettings } from '../settings.ts'
import { printable } from './printable.ts'

/** Where a log is: in a data directory, or on the Redis of a fleet. */
export interface FleetOptions {
  readonly dataDir: string
  readonly redisUrl?: readonly string[]
  readonly redisRealm?: string
  readonly redisLevel?: string
}

/** Adds the options that name a log on Redis, as the settings of a controller do. */
export function addFleetOptions(command: Command): Command {
  const again = (value: string, before: readonly string[] = []) => [...before, value]
  return command
    .addOption(dataDirOption())
    .addOption(
      new Option(
        '--redis-url <url>',
        'a log on Redis (redisUrls), instead of a file; one with a password belongs into WEFT_REDIS_URLS',
      ).argParser(again),
    )
    .option('--redis-realm <name>', 'which log on these servers (redisRealm)')
    .option('--redis-level <level>', 'what is promised for it (redisLevel)')
}

export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'data directory of the controller')
    .env('WEFT_DATA_DIR')
    .default(usualDataDir())
}

/** The log that the options name, for reading: nothing is changed where it is. Rejects with `conflict` as `embeddedLog` does. */
export async function openFleetSource(
  options: FleetOptions,
  command: Command,
): Promise<DoubtedSource & Disposable> {
  const redis = redisOptions(options, command)
  if (!redis) return { ...openSource(embeddedLog(options, command)), doubts: [] }
  const { openRedisSource } = await import('../log/redis/source.ts')
  return openRedisSource(redis)
}

/** Says on stderr why what is read may not be the log that was acknowledged. */
export function warn(doubts: readonly string[]): void {
  for (const doubt of doubts) process.stderr.write(`warning: ${printable(doubt)}\n`)
}

/**
 * The file of the embedded log, for what reads no other. Throws `invalid-config` when the log is on Redis, `conflict` when
 * it went there and what lies here was left behind.
 */
export function embeddedLog(options: FleetOptions, command: Command): string {
  if (redisOptions(options, command)) throw onRedis()
  const path = join(options.dataDir, LOG_FILE)
  checkBelongs(realOf(path))
  checkNotLeftBehind(options.dataDir, ADVICE)
  return path
}

const ADVICE =
  "Take 'weft log export' with --redis-url, or WEFT_STORE=redis and WEFT_REDIS_URLS: it reads a log on Redis."

function onRedis(): WeftError {
  const message = 'The log is on Redis, as the environment says, and this command reads the embedded one.'
  return new WeftError('invalid-config', message, { advice: `${ADVICE} Or name the folder with --data-dir.` })
}

/** Settings of a controller that say where its log is; those in the environment count for commands too. */
const KEYS = ['store', 'redisUrls', 'redisRealm', 'redisLevel'] as const

/**
 * The log on Redis that is meant: by an option, or by the environment if it says that controllers keep theirs there and no
 * option names a data directory. Undefined: the embedded one is.
 */
export function redisOptions(options: FleetOptions, command: Command): RedisLogOptions | undefined {
  const names = KEYS.map(environmentName)
  const environment = Object.fromEntries(names.map((name) => [name, process.env[name]]))
  const { redisUrl, redisRealm, redisLevel } = options
  const flags = { redisUrls: redisUrl, redisRealm, redisLevel, store: redisUrl && 'redis' }
  if (!redisUrl && command.getOptionValueSource('dataDir') === 'cli') return undefined
  const settings = loadSettings(controllerSettings, { environment, flags })
  if (settings.store !== 'redis') return undefined
  const { redisUrls: urls, redisRealm: realm, redisLevel: level } = settings
  return { urls, realm, level, writer: toBase32(systemRandom(10)) }
}
