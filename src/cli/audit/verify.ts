import { Command } from 'commander'
import { openImport } from '../../log/export.ts'
import { addFleetOptions, type FleetOptions, openFleetSource, warn } from '../fleetlog.ts'
import { fields, print } from '../output.ts'
import { compareAudit } from './compare.ts'
import { openExport } from './export.ts'

const EXAMPLES = `
Examples:
  weft audit verify audit.jsonl
  weft audit verify audit.jsonl --data-dir /srv/weft
  weft audit verify audit.jsonl --redis-url redis://10.0.0.5:6379
  weft audit verify audit.jsonl --log weft-2026-01-31.db     a backup, or an export of the log

Every record is made again from the log, whose chain is checked on the way, and compared; none may be
missing. The controller may be running. Of entries that the log has dropped nothing can be said: see
'unchecked', and keep backups of the log.`

interface VerifyOptions extends FleetOptions {
  readonly log?: string
  readonly json?: boolean
}

/** `weft audit verify` */
export function verifyCommand(): Command {
  return addFleetOptions(new Command('verify'))
    .description(
      'Compare an export of the audit with the log, and name the first record that is not what the log says.',
    )
    .argument('<file>', 'what `weft audit --export` wrote')
    .option('--log <file>', 'what `weft log backup` or `weft log export` wrote, instead of the log itself')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: VerifyOptions, command: Command) => {
      const exported = await openExport(file)
      const { log } = options
      using source =
        log === undefined
          ? await openFleetSource(options, command)
          : { ...(await openImport(log)), doubts: [] }
      warn(source.doubts)
      const verified = await compareAudit(exported, source)
      print(options.json, verified, () =>
        fields({
          records: String(verified.records),
          checked: String(verified.checked),
          ...(verified.partly > 0 && {
            partly: `${verified.partly}, whose before and after are not known any more`,
          }),
          ...(verified.unchecked > 0 && { unchecked: `${verified.unchecked}, which the log has dropped` }),
          head: `${verified.head.sequence}:${verified.head.hash}`,
        }),
      )
    })
}
