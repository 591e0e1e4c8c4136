import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { LOG_FILE } from '../controller/home.ts'
import { HEAD_FILE, readKeptHead } from '../controller/ledger/kepthead.ts'
import { WeftError } from '../errors.ts'
import { backupLog } from '../log/backup.ts'
import { exportLog, openImport } from '../log/export.ts'
import { installLog } from '../log/install.ts'
import type { Head } from '../log/log.ts'
import type { Installed } from '../log/redis/install.ts'
import type { RedisLogOptions } from '../log/redis/options.ts'
import { auditSource, type Source } from '../log/transfer.ts'
import { type Verified, verifyLog } from '../log/verify.ts'
import {
  addFleetOptions,
  dataDirOption,
  embeddedLog,
  type FleetOptions,
  openFleetSource,
  redisOptions,
  warn,
} from './fleetlog.ts'
import { keptEnd, wrongEnd } from './keptend.ts'
import { writeNew } from './newfile.ts'
import { fields, print } from './output.ts'
import { whileWorking } from './progress.ts'
import { writeWhole } from './stdout.ts'

/** `weft log verify`, `export`, `import` and `backup` */
export function logCommand(): Command {
  return new Command('log')
    .description('Check, copy and restore the log of a controller.')
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(backupCommand())
}

interface Options {
  readonly dataDir: string
  readonly json?: boolean
}

const VERIFY_EXAMPLES = `
Examples:
  weft log verify
  weft log verify --data-dir /srv/weft --known 1042:9f86d081…
                    entry 1042 was the last one when somebody wrote that down;
                    only so it shows when the end of a log was cut off
  weft log verify --head /mnt/other/head.json
                    the same with the signed head that a controller keeps (headFile)

  weft log export --redis-url redis://10.0.0.5:6379 --output log.jsonl
  mkdir -m 700 copy && weft log import log.jsonl --data-dir copy
  weft log verify --data-dir copy
                    a log on Redis: this command itself reads the embedded log of a data directory only

Without --head, the head.json of the data directory is used if there is one.`

function verifyCommand(): Command {
  return new Command('verify')
    .description('Read a whole log and name the first entry that is not what was written. Changes nothing.')
    .addOption(dataDirOption())
    .option('--known <sequence:hash>', 'an entry that the log once ended with', readHead)
    .option('--head <file>', 'a signed head that the controller of this log kept')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(async (options: VerifyOptions, command: Command) => {
      const path = embeddedLog(options, command)
      const signed = await readKeptHead(options.head ?? join(options.dataDir, HEAD_FILE))
      if (options.head !== undefined && !signed) throw noHead(options.head)
      const verified = await whileWorking(reading, () => verifyLog(path, { head: options.known, signed }))
      print(options.json, verified, () => describe(verified))
    })
}

interface VerifyOptions extends Options {
  readonly known?: Head
  readonly head?: string
}

function noHead(file: string): WeftError {
  return new WeftError('invalid-input', `There is no file ${file}.`, { field: '--head' })
}

const EXPORT_EXAMPLES = `
Examples:
  weft log export > log.jsonl
  weft log export --data-dir /srv/weft --output log.jsonl
  weft log export --redis-url redis://10.0.0.5:6379 > log.jsonl

With WEFT_STORE=redis and WEFT_REDIS_URLS in the environment it is the log there, unless --data-dir is
given. It is only read, also from a replica, whatever its settings. A log.db that was left behind when
the log went to Redis is refused, by the redis-journal.json beside it. So is, unless --as-it-is says that
it is wanted, what may not be what was acknowledged: on a replica that has lost its primary, or with
entries that nobody has confirmed; and an embedded log that lacks what the head.json beside it says it had.

The controller may be running. Secrets in it stay encrypted: keep wrapping.key apart.`

function exportCommand(): Command {
  return addFleetOptions(new Command('export'))
    .description('Write a log as lines of JSON that any controller can import.')
    .option('--output <file>', 'a new file, instead of stdout')
    .option('--as-it-is', 'also when the end may be missing, or was never acknowledged; stderr says which')
    .addHelpText('after', EXPORT_EXAMPLES)
    .action(async (options: ExportOptions, command: Command) => {
      using source = await whileWorking(looking, () => openFleetSource(options, command))
      if (source.doubts.length > 0 && !options.asItIs) throw doubted(source.doubts)
      const wrong = await whileWorking(reading, () => wrongEndOf(options, command))
      if (wrong && !options.asItIs) throw cutOff(wrong)
      warn([...source.doubts, ...(wrong ? [wrong.message] : [])])
      await writeExport(source, options.output)
    })
}

interface ExportOptions extends FleetOptions {
  readonly output?: string
  readonly asItIs?: boolean
}

function doubted(doubts: readonly string[]): WeftError {
  return new WeftError('conflict', doubts.join(' '), {
    advice:
      'Nothing was exported. Name the primary, or let its controllers confirm it; or export it with --as-it-is.',
  })
}

/** Of a log on Redis its doubts tell. */
async function wrongEndOf(options: ExportOptions, command: Command): Promise<WeftError | undefined> {
  if (redisOptions(options, command)) return undefined
  return await wrongEnd(embeddedLog(options, command), options.dataDir)
}

function cutOff({ code, message, advice = '' }: WeftError): WeftError {
  const otherwise = 'Nothing was exported; --as-it-is does it all the same.'
  return new WeftError(code, message, { advice: `${advice} ${otherwise}`.trim() })
}

async function writeExport(source: Source, output: string | undefined): Promise<void> {
  let count = 0
  const lines = counted(exportLog(source), () => {
    count += 1
  })
  await whileWorking(
    (seconds) => `${count} entries, ${seconds} s`,
    () => writeLines(lines, output),
  )
}

async function* counted(
  lines: AsyncIterable<string> | Iterable<string>,
  onLine: () => void,
): AsyncGenerator<string> {
  for await (const line of lines) {
    onLine()
    yield line
  }
}

async function writeLines(lines: AsyncIterable<string>, output: string | undefined): Promise<void> {
  if (output === undefined) return await writeWhole(lines)
  await writeNew(output, '--output', (file) => file.writeFile(lines))
}

const IMPORT_EXAMPLES = `
Examples:
  weft log import log.jsonl --data-dir /srv/weft
  weft log import weft-2026-01-31.db --new-epoch
                    restores a backup that may lack the last changes: agents take what it says for
                    new, also where they have seen a later revision of the time that is lost

  weft log import log.jsonl --redis-url redis://10.0.0.5:6379
                    moves house: stop the controller, export, import, start controllers with
                    --store redis and the same wrapping key and public URLs; agents go on

There must be no log where it goes. It is there as a whole or not at all: when an import was stopped,
do it again. wrapping.key belongs beside it.`

function importCommand(): Command {
  return addFleetOptions(new Command('import'))
    .description('Make an export or a backup the log of a data directory. Every entry is checked.')
    .argument('<file>', 'what `weft log export` or `weft log backup` wrote')
    .option('--new-epoch', 'raise the epoch, because the last changes are missing')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', IMPORT_EXAMPLES)
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const { head, wasThere } = await whileWorking(
        (seconds) => `Every entry is checked and written: ${seconds} s`,
        () => importLog(file, options, redisOptions(options, command)),
      )
      const { sequence, hash } = head
      const done = wasThere ? 'it was there already, as an earlier import had left it' : undefined
      print(options.json, { sequence, hash, wasThere }, () =>
        fields({ head: `${sequence}:${hash}`, ...(done !== undefined && { done }) }),
      )
    })
}

type ImportOptions = Options & FleetOptions & { readonly newEpoch?: boolean }

async function importLog(
  file: string,
  options: ImportOptions,
  redis: RedisLogOptions | undefined,
): Promise<Installed> {
  const install = { newEpoch: options.newEpoch ?? false, now: Date.now() }
  using source = await openImport(file)
  if (!redis) {
    const head = await installLog(source, join(options.dataDir, LOG_FILE), install)
    return { head, wasThere: false }
  }
  const { installRedisLog } = await import('../log/redis/install.ts')
  await auditSource(source)
  using again = await openImport(file)
  return await installRedisLog(again, redis, install)
}

const BACKUP_EXAMPLES = `
Examples:
  weft log backup /mnt/backup/weft-$(date +%F).db
  weft log import /mnt/backup/weft-2026-01-31.db --new-epoch     brings it back

A log on Redis is saved by 'weft log export'; a log.db that was left behind when the log went there is
refused, by its redis-journal.json. So is a log that lacks what the head.json beside it says it had: see
'weft log verify'.

The controller may be running. Keep wrapping.key apart: without it the copy gives no secret away,
and no controller can start from it.`

function backupCommand(): Command {
  return new Command('backup')
    .description('Copy a log as it is now to a new file, and verify the copy.')
    .argument('<file>', 'where to; it must not exist')
    .addOption(dataDirOption())
    .option('--json', 'print JSON for programs')
    .addHelpText('after', BACKUP_EXAMPLES)
    .action(async (file: string, options: Options, command: Command) => {
      const path = embeddedLog(options, command)
      const known = await keptEnd(options.dataDir)
      const verified = await whileWorking(reading, () => backupLog(path, resolve(file), known))
      print(options.json, verified, () => describe(verified))
    })
}

function reading(seconds: number): string {
  return `Every entry is read: ${seconds} s`
}

function looking(seconds: number): string {
  return `Waiting for an answer of Redis: ${seconds} s`
}

function describe({ entries, dropped, snapshots, head }: Verified): string {
  return fields({
    entries: String(entries),
    ...(dropped > 0 && { dropped: `up to ${dropped}` }),
    ...(snapshots.length > 0 && { snapshots: snapshots.join(', ') }),
    head: `${head.sequence}:${head.hash}`,
  })
}

function readHead(text: string): Head {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (sequence && hash) return { sequence: Number(sequence), hash }
  throw new InvalidArgumentError("It must be the 'head' that an earlier verification printed.")
}
