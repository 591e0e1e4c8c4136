import type { Head } from '../log.ts'
import { notWhole } from './errors.ts'

/** What a server says of itself and of the log on it. */
export interface ServerStatus {
  readonly runId: string
  readonly isPrimary: boolean
  /** `host:port` of the primary of a replica. */
  readonly follows: string
  /** `host:port` of the replicas that are attached, with how far each has confirmed in the replication stream. */
  readonly replicas: ReadonlyMap<string, number>
  /** How far the server itself is in the replication stream. */
  readonly offset: number
  /** Undefined while there is no log on it. */
  readonly log: LogStatus | undefined
}

export interface LogStatus {
  /** Run id of the server that was armed last. */
  readonly armed: string
  /** +1 each time a server is armed. */
  readonly term: number
  readonly head: Head
  /** Up to where entries are known to be everywhere they have to be. */
  readonly durable: number
  /** The last entry that was dropped. */
  readonly base: Head
}

/** Fields of the meta hash, in the order in which they are asked for. */
export const META_FIELDS = [
  'armed',
  'term',
  'sequence',
  'hash',
  'durable',
  'baseSequence',
  'baseHash',
] as const

/** @param info the sections `server` and `replication` of INFO, @param meta the values of META_FIELDS */
export function toStatus(info: string, meta: readonly (string | null)[]): ServerStatus {
  return {
    runId: field(info, 'run_id'),
    isPrimary: field(info, 'role') === 'master',
    follows: `${field(info, 'master_host')}:${field(info, 'master_port')}`,
    offset: Number(field(info, 'master_repl_offset')),
    replicas: replicasIn(info),
    log: toLogStatus(meta),
  }
}

/** From the `replication` section: `slave0:ip=10.0.0.2,port=6379,state=online,offset=120,lag=0`. */
export function replicasIn(info: string): ReadonlyMap<string, number> {
  const lines = info.matchAll(/^slave\d+:ip=(.*),port=(\d+),state=(\w+),offset=(\d+)/gm)
  const online = [...lines].filter(([, , , state]) => state === 'online')
  return new Map(
    online.map(([, ip = '', port, , offset]) => [
      ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
      Number(offset),
    ]),
  )
}

export function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? ''
}

function toLogStatus(meta: readonly (string | null)[]): LogStatus | undefined {
  const [armed, term, sequence, hash, durable, baseSequence, baseHash] = meta
  if (!sequence || !hash || !baseSequence || !baseHash) return undefined
  if (![sequence, baseSequence, durable].every((number) => /^\d{1,15}$/.test(number ?? '')))
    throw notWhole('it does not say where it ends')
  return {
    armed: armed ?? '',
    term: Number(term),
    head: { sequence: Number(sequence), hash },
    durable: Number(durable),
    base: { sequence: Number(baseSequence), hash: baseHash },
  }
}
