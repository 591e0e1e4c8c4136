import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../../errors.ts'
import { checkLink, damaged, EMPTY, headOf } from '../chain.ts'
import type { Entry, Head } from '../log.ts'
import type { Source } from '../transfer.ts'
import { parseSite } from './address.ts'
import { type Keys, keysOf } from './keys.ts'
import { Link } from './link.ts'
import type { RedisLogOptions } from './options.ts'
import { locate } from './place.ts'
import { readSnapshots } from './snapshots.ts'
import type { LogStatus, ServerStatus } from './status.ts'

/** Rows read at a time. */
const READ_LIMIT = 256
/** Milliseconds for the last change to be confirmed by who made it, and between two looks. */
const CONFIRM_LIMIT = 3_000
const LOOK_INTERVAL = 100

/** A log that may not be what was acknowledged, in sentences. */
export interface DoubtedSource extends Source {
  readonly doubts: readonly string[]
}

/**
 * A log on Redis as it is now, for reading only: nothing is armed, claimed or made, and the settings of the server do not
 * matter, so that it can be saved in an emergency too, also from a replica. Rejects with `not-found` when there is none.
 */
export async function openRedisSource({
  urls,
  realm,
}: Pick<RedisLogOptions, 'urls' | 'realm'>): Promise<DoubtedSource & Disposable> {
  const [site, keys] = [parseSite(urls), keysOf(realm)]
  const link = await Link.open(await locate(site, keys.tag), { access: site.access, keys, writer: '' })
  try {
    const { base, head, doubts } = await endOf(link, keys)
    return {
      doubts,
      base: async () => base,
      snapshots: async () =>
        (await readSnapshots(link, keys)).filter(({ sequence }) => sequence <= head.sequence),
      read: (from) => entries(link, from, { base, head }),
      [Symbol.dispose]: () => link[Symbol.dispose](),
    }
  } catch (error) {
    link[Symbol.dispose]()
    throw error
  }
}

type Span = Pick<LogStatus, 'base' | 'head'>

/**
 * Where it ends. Of what nobody has confirmed it is not known whether it was acknowledged: it is waited for, and counts when
 * nobody does, for the controller that made it may be dead.
 */
async function endOf(link: Link, { tag }: Keys): Promise<Span & Pick<DoubtedSource, 'doubts'>> {
  const { log: first } = await link.status()
  if (!first || first.head.sequence === 0) throw none(link, tag)
  const { head } = first
  let now = await link.status()
  for (let waited = 0; waited < CONFIRM_LIMIT; waited += LOOK_INTERVAL) {
    if (now.log && now.log.durable >= head.sequence) break
    await wait(LOOK_INTERVAL)
    now = await link.status()
  }
  const durable = now.log?.durable ?? first.durable
  return {
    base: now.log?.base ?? first.base,
    head,
    doubts: [...lost(link, now), ...unconfirmed(head, durable)],
  }
}

function lost({ name }: Link, { lostFor, follows }: ServerStatus): string[] {
  if (lostFor === undefined) return []
  const since = `has not heard of it for ${lostFor} s`
  return [`The Redis server ${name} is a replica of ${follows} and ${since}: what came since is not on it.`]
}

function unconfirmed({ sequence }: Head, durable: number): string[] {
  if (durable >= sequence) return []
  const which = durable + 1 === sequence ? `entry ${sequence}` : `entries ${durable + 1} to ${sequence}`
  return [`Nobody has confirmed ${which}: it is not known whether that was acknowledged.`]
}

async function* entries(link: Link, from: number, span: Span): AsyncGenerator<Entry, void, void> {
  let last = await headBefore(link, from, span)
  while (last.sequence < span.head.sequence) {
    const rows = await rowsBehind(link, last, span.head.sequence)
    for (const row of rows) {
      yield checkLink(last, row)
      last = headOf(row)
    }
  }
}

async function headBefore(link: Link, from: number, { base }: Span): Promise<Head> {
  const known = [EMPTY, base].find(({ sequence }) => sequence === from - 1)
  if (known) return known
  const [row] = await rowsBehind(link, { sequence: from - 2 }, from - 1)
  return row ?? EMPTY
}

async function rowsBehind(link: Link, { sequence }: Pick<Head, 'sequence'>, to: number) {
  const rows = await link.rows(sequence + 1, to, READ_LIMIT)
  if (rows[0]) return rows
  const { log } = await link.status()
  if (!log || log.base.sequence <= sequence) throw damaged(sequence + 1, 'is missing')
  throw new WeftError('conflict', `Entries up to ${log.base.sequence} were dropped meanwhile.`, {
    advice: 'Begin again: the snapshots are others now.',
  })
}

function none({ name }: Link, tag: string): WeftError {
  return new WeftError('not-found', `There is no log under {${tag}} on the Redis server ${name}.`, {
    field: '--redis-realm',
    advice: 'Name the realm and the servers as the settings of the controllers do.',
  })
}
