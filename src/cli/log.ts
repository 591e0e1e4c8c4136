import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { LOG_FILE, usualDataDir } from '../controller/home.ts'
import type { Head } from '../log/log.ts'
import { verifyLog } from '../log/verify.ts'
import { fields, print } from './output.ts'

const EXAMPLES = `
Examples:
  weft log verify
  weft log verify --data-dir /srv/weft --known 1042:9f86d081…
                    entry 1042 was the last one when somebody wrote that down;
                    only so it shows when the end of a log was cut off`

/** `weft log verify` */
export function logCommand(): Command {
  return new Command('log').description('Check the log of a controller.').addCommand(verifyCommand())
}

interface VerifyOptions {
  readonly dataDir: string
  readonly known?: Head
  readonly json?: boolean
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Read a whole log and name the first entry that is not what was written. Changes nothing.')
    .addOption(
      new Option('--data-dir <dir>', 'data directory of the controller')
        .env('WEFT_DATA_DIR')
        .default(usualDataDir()),
    )
    .option('--known <sequence:hash>', 'an entry that the log once ended with', readHead)
    .option('--json', 'print JSON for programs')
    .addHelpText('after', EXAMPLES)
    .action(async ({ dataDir, known, json }: VerifyOptions) => {
      const verified = await verifyLog(join(dataDir, LOG_FILE), known)
      const { sequence, hash } = verified.head
      print(json, verified, () => fields({ entries: String(verified.entries), head: `${sequence}:${hash}` }))
    })
}

function readHead(text: string): Head {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (sequence && hash) return { sequence: Number(sequence), hash }
  throw new InvalidArgumentError("It must be the 'head' that an earlier verification printed.")
}
