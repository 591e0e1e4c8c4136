import type { Command } from 'commander'
import type { Input } from '../client/api.ts'
import type { AuditRecord } from '../client/operations.ts'
import { EVENT_TYPES } from '../model/event.ts'
import { Absence } from './absence.ts'
import { exportAudit } from './audit/export.ts'
import { type AuditFilters, auditQuery } from './audit/query.ts'
import { recordText } from './audit/text.ts'
import { verifyCommand } from './audit/verify.ts'
import type { Client } from './client.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { withEntryFilters } from './entryfilters.ts'
import { wholeNumber } from './numbers.ts'
import { print } from './output.ts'
import { sortOption } from './show.ts'
import { stopSignal } from './signals.ts'

const EXAMPLES = `
Examples:
  weft audit                               the last 20 changes, the latest first
  weft audit --network demo --since 1d     what happened to a network since yesterday
  weft audit --actor billing --action member-removed --limit 500
  weft audit --watch --json                from now on, one record a line
  weft audit --all-projects --export audit.jsonl
  weft audit verify audit.jsonl            on the controller's machine: is it what the log says?

Actions: ${EVENT_TYPES.join(', ')}`

interface AuditOptions extends ClientOptions, AuditFilters {
  readonly limit: number
  readonly sort?: NonNullable<NonNullable<Input<'listAudit'>['query']>['sort']>
  readonly watch?: boolean
  readonly export?: string
}

/** `weft audit` and `weft audit verify` */
export function auditCommand(): Command {
  return withEntryFilters(clientCommand('audit').enablePositionalOptions())
    .description('Show who did what, when, and from where, with before and after: straight from the log.')
    .option('--network <network>', 'only what is about it: id or name')
    .addOption(sortOption(['-sequence']))
    .option('--all-projects', 'everything, for global tokens')
    .option('--limit <count>', 'most records', wholeNumber, 20)
    .option('--watch', 'go on with what is done from now on, until Ctrl-C')
    .option('--export <file>', 'write all of it to a new file, one record a line, the oldest first')
    .addHelpText('after', EXAMPLES)
    .action(async (options: AuditOptions) => {
      using client = openClient(options)
      if (options.export !== undefined) return await writeExport(client, options.export, options)
      if (options.watch) return await watch(client, options)
      const items = await first(client, options)
      print(options.json, { items }, () => items.map(recordText).join('\n') || 'Nothing.\n')
    })
    .addCommand(verifyCommand())
}

async function writeExport(client: Client, file: string, options: AuditOptions): Promise<void> {
  const done = await exportAudit(client, file, options)
  print(options.json, done, () => `${done.records} records up to entry ${done.to.sequence}: ${file}\n`)
}

/** Pages may be shorter than what is asked for, so it takes as many as it needs. */
async function first(client: Client, options: AuditOptions): Promise<AuditRecord[]> {
  const items: AuditRecord[] = []
  for (let cursor: string | undefined; items.length < options.limit; ) {
    const limit = Math.min(options.limit - items.length, 1_000)
    const query = { ...auditQuery(options), limit, cursor, sort: options.sort }
    const page = await client.call('listAudit', { query })
    items.push(...page.items)
    cursor = page.next
    if (cursor === undefined) break
  }
  return items
}

/** What is asked for next begins where the last answer ended, so nothing is left out however long the pause was. */
async function watch(client: Client, options: AuditOptions): Promise<void> {
  const signal = stopSignal()
  const filters = auditQuery(options)
  const now = await client.call('listAudit', { query: { ...filters, limit: 1 } })
  const absence = new Absence()
  for (let cursor = String(now.log.last); !signal.aborted; ) {
    const query = { ...filters, limit: 100, cursor, sort: 'sequence' } as const
    try {
      const page = await client.call('listAudit', { query })
      absence.end()
      for (const record of page.items) {
        process.stdout.write(options.json ? `${JSON.stringify(record)}\n` : `${recordText(record)}\n`)
      }
      cursor = page.next ?? String(page.log.last)
      if (page.next !== undefined) continue
    } catch (error) {
      absence.begin(error)
    }
    await absence.wait(signal)
  }
}
