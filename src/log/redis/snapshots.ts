import { WeftError } from '../../errors.ts'
import type { Head, Snapshot } from '../log.ts'
import type { Keys } from './keys.ts'
import type { Link } from './link.ts'
import { COMPACT, KEEP } from './scripts/keep.ts'

/** Bytes of a snapshot in one value, and parts under way at once: the server does other things in between. */
const PART_BYTES = 262_144
/** Entries dropped at a time, some ms of the server's. */
const DROP_LIMIT = 500

/** Of a snapshot, beside its parts. */
interface Header {
  readonly hash: string
  readonly signature: string
  readonly parts: number
}

/** The kept snapshots, newest first. One that is not whole is left out. */
export async function readSnapshots(link: Link, { snapshots }: Keys): Promise<Snapshot[]> {
  const fields = await asked(() => link.side.hkeys(snapshots))
  const sequences = fields.filter((name) => /^\d{1,15}$/.test(name)).map(Number)
  const found = await Promise.all(
    sequences.toSorted((a, b) => b - a).map((sequence) => readSnapshot(link, snapshots, sequence)),
  )
  return found.filter((snapshot) => snapshot !== undefined)
}

async function readSnapshot(link: Link, key: string, sequence: number): Promise<Snapshot | undefined> {
  const header = toHeader(await asked(() => link.side.hget(key, String(sequence))))
  if (!header) return undefined
  const parts: Uint8Array[] = []
  for (let part = 0; part < header.parts; part++) {
    const bytes = await asked(() => link.side.hgetBuffer(key, partName(sequence, part)))
    if (!bytes) return undefined
    parts.push(bytes)
  }
  const { hash, signature } = header
  return {
    sequence,
    hash,
    signature,
    state: new Uint8Array(Buffer.concat(parts)),
  }
}

/** Keeps a snapshot: its parts one by one, then the header that makes them one, if the chain goes through it. */
export async function keepSnapshot(link: Link, { snapshots: key }: Keys, snapshot: Snapshot): Promise<void> {
  const { sequence, hash, signature, state } = snapshot
  const parts = Math.ceil(state.length / PART_BYTES)
  for (let part = 0; part < parts; part++) {
    const bytes = Buffer.from(state.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))
    await asked(() => link.side.hset(key, partName(sequence, part), bytes))
  }
  const header: Header = { hash, signature, parts }
  const [answer, detail] = await link.run(KEEP, [
    String(sequence),
    hash,
    JSON.stringify(header),
    String(parts),
  ])
  if (answer === 'done') return void (await link.settle())
  if (answer !== 'older') await asked(() => link.side.hdel(key, ...partNames(sequence, parts)))
  const why = answer === 'older' ? `one of entry ${detail} is kept` : 'the chain does not go through it'
  throw new WeftError('conflict', `A snapshot of entry ${sequence} does not fit the log: ${why}.`)
}

/** Drops entries that every kept snapshot stands for, up to `sequence`. */
export async function compact(link: Link, sequence: number): Promise<Head> {
  for (;;) {
    const [, last, hash = '', more] = await link.run(COMPACT, [String(sequence), String(DROP_LIMIT)])
    if (more === '1') continue
    await link.settle()
    return { sequence: Number(last), hash }
  }
}

function partName(sequence: number, part: number): string {
  return `${sequence}:${part}`
}

function partNames(sequence: number, parts: number): string[] {
  return ['-', ...Array.from({ length: parts }, (_, part) => partName(sequence, part))]
}

async function asked<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (cause) {
    throw new WeftError('store-unavailable', 'The Redis server did not answer.', { cause })
  }
}

function toHeader(text: string | null): Header | undefined {
  const value = parse(text ?? '')
  return isHeader(value) ? value : undefined
}

/** What cannot be read is no snapshot: the other one is there for that. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false
  if (!('hash' in value && 'signature' in value && 'parts' in value)) return false
  return (
    typeof value.hash === 'string' && typeof value.signature === 'string' && typeof value.parts === 'number'
  )
}
