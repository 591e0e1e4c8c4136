import { type Command, Option } from 'commander'
import { openDataDir } from '../controller/home.ts'
import { type OpenStore, openStore } from '../controller/ledger/openstore.ts'
import { controllerSettings } from '../controller/settings.ts'
import { systemRandom } from '../keys/random.ts'
import { loadSettings } from '../settings.ts'
import { openLogger } from './logger.ts'

/** Where the log of a fleet is. */
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
    .addOption(
      new Option('--redis-url <url>', 'a log on Redis (redisUrls), instead of a file').argParser(again),
    )
    .option('--redis-realm <name>', 'which log on these servers (redisRealm)')
    .option('--redis-level <level>', 'what is promised for it (redisLevel)')
}

/** The log on Redis that the options name; undefined when they name none. */
export async function openFleetLog(
  options: FleetOptions,
): Promise<(OpenStore & AsyncDisposable) | undefined> {
  const { dataDir, redisUrl: redisUrls, redisRealm, redisLevel } = options
  if (!redisUrls) return undefined
  const flags = {
    dataDir,
    store: 'redis',
    redisUrls,
    ...(redisRealm !== undefined && { redisRealm }),
    ...(redisLevel !== undefined && { redisLevel }),
  }
  const settings = loadSettings(controllerSettings, { environment: {}, flags })
  const tools = { log: openLogger('error'), random: systemRandom }
  const opened = await openStore(settings, await openDataDir(settings), tools)
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      opened.board?.[Symbol.dispose]()
      opened.deliveries[Symbol.dispose]()
      await opened.store[Symbol.asyncDispose]()
    },
  }
}
