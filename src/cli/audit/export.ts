import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Answer } from '../../client/api.ts'
import type { AuditRecord } from '../../client/operations.ts'
import { WeftError } from '../../errors.ts'
import { parseNodeId } from '../../keys/identity.ts'
import { parseNetworkId } from '../../model/names.ts'
import type { Client } from '../client.ts'
import { writeNew } from '../newfile.ts'
import { type AuditFilters, auditQuery } from './query.ts'

const FORMAT = 1

const Filter = Type.Object(
  {
    network: Type.Optional(Type.String()),
    node: Type.Optional(Type.String()),
    actor: Type.Optional(Type.String()),
    action: Type.Optional(Type.Array(Type.String())),
    since: Type.Optional(Type.String()),
    until: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

const Header = Type.Object({
  weft: Type.Literal('audit'),
  format: Type.Literal(FORMAT),
  /** Who looked: a project (null: all of them), and whether that was all there was to see. */
  viewer: Type.Object({ project: Type.Union([Type.String(), Type.Null()]), bound: Type.Boolean() }),
  filter: Filter,
  /** The first entry that the log had. */
  from: Type.Integer({ minimum: 1 }),
  /** Where the log ended: everything up to there is in the export, nothing behind it. */
  to: Type.Object({
    sequence: Type.Integer({ minimum: 0 }),
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
})
export type ExportHeader = Type.Static<typeof Header>

const header = Compile(Header)
/** Its shape and no more: what is in it is compared with the log. */
const recordLine = Compile(
  Type.Unsafe<AuditRecord>(
    Type.Object({ sequence: Type.Integer(), hash: Type.String(), complete: Type.Boolean() }),
  ),
)
const endLine = Compile(Type.Object({ end: Type.Object({ records: Type.Integer({ minimum: 0 }) }) }))

/** Writes all records that pass, the oldest first, to a new file, whose first line says what they are and its last how many. */
export async function exportAudit(
  client: Client,
  file: string,
  filters: AuditFilters,
): Promise<{ readonly records: number; readonly to: ExportHeader['to'] }> {
  const filter = await byId(client, filters)
  const self = await client.call('whoami')
  const viewer = { project: filters.allProjects ? null : self.project, bound: !self.global }
  const wanted = auditQuery({ ...filters, ...filter })
  const ask = (cursor?: string) =>
    client.call('listAudit', { query: { ...wanted, limit: 1_000, cursor, sort: 'sequence' } })
  const page = await ask()
  const to = { sequence: page.log.last, hash: page.log.lastHash }
  const first = { weft: 'audit', format: FORMAT, viewer, filter, from: page.log.first, to }
  const records = await writeNew(file, '--export', async (output) => {
    await output.appendFile(lineOf(first))
    const count = await writeRecords(output, page, ask)
    await output.appendFile(lineOf({ end: { records: count } }))
    return count
  })
  return { records, to }
}

type Page = Answer<'listAudit'>

/** Those of `page` and of all behind it, up to where the log ended when it was asked for; resolves with how many. */
async function writeRecords(
  output: FileHandle,
  page: Page,
  ask: (cursor: string) => Promise<Page>,
): Promise<number> {
  const { last } = page.log
  let count = 0
  for (let now = page; ; now = await ask(now.next)) {
    const items = now.items.filter(({ sequence }) => sequence <= last)
    for (const record of items) await output.appendFile(lineOf(record))
    count += items.length
    if (now.next === undefined || Number(now.next) >= last) return count
  }
}

function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}

/** What `exportAudit` wrote: its header, then each record. Rejects with `invalid-input` when it is not, or is cut off. */
export async function openExport(file: string): Promise<{
  readonly header: ExportHeader
  readonly records: AsyncGenerator<AuditRecord, void, void>
}> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })[
    Symbol.asyncIterator
  ]()
  const next = async () => parse((await lines.next()).value)
  const first = await next().catch((cause: unknown) => {
    throw new WeftError('invalid-input', `${file} cannot be read.`, { cause })
  })
  if (!header.Check(first)) throw new WeftError('invalid-input', `${file} is no export of an audit.`)
  return { header: first, records: records(next) }
}

async function* records(next: () => Promise<unknown>): AsyncGenerator<AuditRecord, void, void> {
  let count = 0
  let last = 0
  let found = await next()
  for (; recordLine.Check(found); found = await next()) {
    count += 1
    last = found.sequence
    yield found
  }
  if (endLine.Check(found) && found.end.records === count) return
  throw new WeftError(
    'digest-mismatch',
    `The export is cut off or damaged behind the record of entry ${last}.`,
    {
      advice: 'Export it again.',
    },
  )
}

/** Names may be given to others later; ids not. */
async function byId(client: Client, filters: AuditFilters): Promise<Omit<AuditFilters, 'allProjects'>> {
  const { network, node, actor, action, since, until } = filters
  const isId = (text: string | undefined) => text === undefined || parseNetworkId(text) || parseNodeId(text)
  const networkId = isId(network)
    ? network
    : (await client.call('showNetwork', { path: { network: network ?? '' } })).id
  const nodeId = isId(node) ? node : (await client.call('showNode', { path: { node: node ?? '' } })).id
  return {
    ...(networkId !== undefined && { network: networkId }),
    ...(nodeId !== undefined && { node: nodeId }),
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action: [...action] }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
