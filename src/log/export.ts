import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { WeftError } from '../errors.ts'
import type { Event } from '../model/event.ts'
import { draftOf, headOf } from './chain.ts'
import type { Entry, Head, Snapshot } from './log.ts'
import { openSource } from './source.ts'
import type { Source } from './transfer.ts'

/**
 * A log as lines of JSON: what it begins behind, its snapshots (the oldest first), its entries, and its head, without which
 * an export is not whole.
 */
export async function* exportLog(source: Source): AsyncGenerator<string, void, void> {
  const base = await source.base()
  yield line({ weft: 'log', format: FORMAT, base })
  for (const { sequence, hash, signature, state } of (await source.snapshots()).toReversed()) {
    yield line({ snapshot: { sequence, hash, signature, state: Buffer.from(state).toString() } })
  }
  let end = base
  for await (const entry of source.read(base.sequence + 1)) {
    end = headOf(entry)
    yield line({ ...end, draft: draftOf(entry) })
  }
  yield line({ end })
}

/** What can be imported: an export, or a copy that `weft log backup` made. Rejects with `invalid-input` when it is neither. */
export async function openImport(file: string): Promise<Source & Disposable> {
  return (await isDatabase(file)) ? openSource(file) : openExport(file)
}

const FORMAT = 1
const SQLITE_MAGIC = 'SQLite format 3\0'

const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Position = Type.Object({ sequence: Type.Integer({ minimum: 0 }), hash: Hash })
const header = Compile(Type.Object({ weft: Type.Literal('log'), format: Type.Integer(), base: Position }))
const snapshotLine = Compile(
  Type.Object({
    snapshot: Type.Object({
      sequence: Type.Integer({ minimum: 1 }),
      hash: Hash,
      signature: Type.String(),
      state: Type.String(),
    }),
  }),
)
const entryLine = Compile(
  Type.Object({
    sequence: Type.Integer({ minimum: 1 }),
    hash: Hash,
    draft: Type.Object({
      operation: Type.String(),
      at: Type.Number(),
      actor: Type.String(),
      request: Type.Optional(Type.String()),
      origin: Type.Optional(
        Type.Object({
          via: Type.Enum(['rest', 'agent']),
          address: Type.Optional(Type.String()),
          request: Type.Optional(Type.String()),
        }),
      ),
      events: Type.Array(Type.Unsafe<Event>(Type.Object({ type: Type.String() }))),
    }),
  }),
)
const endLine = Compile(Type.Object({ end: Position }))

async function isDatabase(file: string): Promise<boolean> {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(SQLITE_MAGIC.length),
      0,
      SQLITE_MAGIC.length,
      0,
    )
    return buffer.toString('latin1', 0, bytesRead) === SQLITE_MAGIC
  } catch (cause) {
    throw new WeftError('invalid-input', `${file} cannot be read.`, { cause })
  }
}

async function openExport(file: string): Promise<Source & Disposable> {
  const input = createReadStream(file)
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
  const next = async () => parse((await lines.next()).value)
  const first = await next()
  if (!header.Check(first) || first.format !== FORMAT) throw noExport(file, first)
  const snapshots: Snapshot[] = []
  let pending = await next()
  for (; snapshotLine.Check(pending); pending = await next()) {
    const { state, ...rest } = pending.snapshot
    snapshots.unshift({ ...rest, state: new Uint8Array(Buffer.from(state)) })
  }
  return {
    base: async () => first.base,
    snapshots: async () => snapshots,
    read: () => entries(pending, next, first.base),
    [Symbol.dispose]: () => input.destroy(),
  }
}

/** Can be read once: the file is not read twice. */
async function* entries(
  first: unknown,
  next: () => Promise<unknown>,
  base: Head,
): AsyncGenerator<Entry, void, void> {
  let last = base
  let found = first
  for (; entryLine.Check(found); found = await next()) {
    const { sequence, hash, draft } = found
    last = { sequence, hash }
    yield { sequence, hash, ...draft }
  }
  const isWhole = endLine.Check(found) && found.end.sequence === last.sequence && found.end.hash === last.hash
  if (isWhole && (await next()) === undefined) return
  const what =
    found === undefined ? 'is cut off behind' : isWhole ? 'goes on behind its end,' : 'cannot be read behind'
  throw new WeftError('log-damaged', `The export ${what} entry ${last.sequence}.`, {
    advice: 'Export it again.',
  })
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return { unreadable: true }
  }
}

function noExport(file: string, first: unknown): WeftError {
  const why = header.Check(first)
    ? `has format ${first.format}; this Weft knows ${FORMAT}`
    : 'is neither an export nor a backup of a log'
  return new WeftError('invalid-input', `${file} ${why}.`)
}
