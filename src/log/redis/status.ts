import type { Head } from '../log.ts'
import { addressText } from './address.ts'
import { notWhole } from './errors.ts'

/** Who follows a server, as it says itself. */
export interface Followers {
  /** By `host:port`. What only takes a copy, such as `redis-cli --rdb`, has port 0. */
  readonly replicas: ReadonlyMap<string, Follower>
  /** Addresses that several who follow have, all of whom were heard of lately. */
  readonly shared: ReadonlySet<string>
  /** Of these the ones that several have who confirmed something within the last second. */
  readonly lively: ReadonlySet<string>
  /** How often one began to follow. Another number: one of them may be another process by now. */
  readonly attachments: number
  /** How many commands it has run. A smaller number: it has begun anew to count, attachments as well (CONFIG RESETSTAT). */
  readonly commands: number
  /** How far the server itself is in the replication stream. */
  readonly offset: number
  /** When it said so, in milliseconds of a clock that only goes forward. */
  readonly at: number
}

export interface Follower {
  /** Whether it has come as far as to follow; before that it is being given all there is. */
  readonly isOnline: boolean
  /** Whether it has confirmed something within the last second. */
  readonly isLively: boolean
  /** Seconds since it has, where it follows. */
  readonly lag: number
  /** How far it has confirmed in the replication stream. */
  readonly offset: number
}

/** What a server says of itself and of the log on it. */
export interface ServerStatus extends Followers {
  readonly runId: string
  readonly isPrimary: boolean
  /** `host:port` of the primary of a replica. */
  readonly follows: string
  /** Seconds for which a replica has heard nothing of its primary; undefined: it follows, or is the primary itself. */
  readonly lostFor: number | undefined
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
  /** Of the promise that all its controllers keep; empty: nobody has written it down yet. */
  readonly level: string
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
  'level',
] as const

/** @param info the section `server` and those of FOLLOWERS, @param meta the values of META_FIELDS */
export function toStatus(info: string, meta: readonly (string | null)[]): ServerStatus {
  return {
    ...toFollowers(info),
    runId: runIdIn(info),
    isPrimary: field(info, 'role') === 'master',
    follows: `${field(info, 'master_host')}:${field(info, 'master_port')}`,
    lostFor: lostFor(info),
    log: toLogStatus(meta),
  }
}

/** A primary says something every ten seconds at least (repl-ping-replica-period); its silence shows as a link later on. */
const LOST_AFTER = 25

/** @param info the section `replication` */
export function lostFor(info: string): number | undefined {
  if (field(info, 'role') !== 'slave') return undefined
  const silent = Number(field(info, 'master_last_io_seconds_ago'))
  if (field(info, 'master_link_status') === 'up') return silent > LOST_AFTER ? silent : undefined
  return Math.max(0, Number(field(info, 'master_link_down_since_seconds')))
}

/** @param info the section `server` */
export function runIdIn(info: string): string {
  return field(info, 'run_id')
}

/** The sections of INFO that tell who follows. */
export const FOLLOWERS = ['replication', 'stats'] as const

/**
 * Seconds after which one that has confirmed nothing may be the connection that one had before it came back: the primary keeps
 * it for a minute (repl-timeout). One that follows confirms every second. Later than LOST_AFTER, so that one that is cut off
 * says so by then.
 */
const STALE_AFTER = LOST_AFTER + 2

/** Seconds since the last word of one that follows. */
const LIVELY = 1

/** @param info those sections, with `slave0:ip=10.0.0.2,port=6379,state=online,offset=120,lag=0` */
export function toFollowers(info: string, at = performance.now()): Followers {
  const lines = [...info.matchAll(/^slave\d+:ip=(.*),port=(\d+),state=(\w+),offset=(\d+),lag=(-?\d+)/gm)].map(
    ([, host = '', port, state, offset, lag]) => ({
      name: addressText({ host, port: Number(port) }),
      follower: toFollower(state === 'online', Number(offset), Number(lag)),
    }),
  )
  const sharedBy = (isHeard: (line: (typeof lines)[number]) => boolean) => {
    const heard = lines.filter(isHeard).map(({ name }) => name)
    return new Set(heard.filter((name, at) => canBeReached(name) && heard.indexOf(name) !== at))
  }
  return {
    // Of two that have one address the one that came last.
    replicas: new Map(lines.map(({ name, follower }) => [name, follower])),
    shared: sharedBy(({ follower }) => follower.lag <= STALE_AFTER),
    lively: sharedBy(({ follower }) => follower.isLively),
    attachments: Number(field(info, 'sync_full')) + Number(field(info, 'sync_partial_ok')),
    commands: Number(field(info, 'total_commands_processed')),
    offset: Number(field(info, 'master_repl_offset')),
    at,
  }
}

/** One that is being given all there is confirms nothing, and has a lag of 0 all the while, also when it is dead. */
function toFollower(isOnline: boolean, offset: number, lag: number): Follower {
  return { isOnline, isLively: isOnline && lag <= LIVELY, lag, offset }
}

/** One that only takes a copy listens nowhere; a node of a Cluster may have lost its address (nodes.ts). */
export function canBeReached(replica: string): boolean {
  return /:[1-9]\d*$/.test(replica)
}

export function isOnline(follower: Follower | undefined): boolean {
  return follower?.isOnline === true
}

/** The value of a field of INFO, empty if it says none. @param name as a regular expression has it */
export function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? ''
}

function toLogStatus(meta: readonly (string | null)[]): LogStatus | undefined {
  const [armed, term, sequence, hash, durable, baseSequence, baseHash, level] = meta
  // All of them are made at once, with `armed`: what is there without the others was left by somebody.
  if (![armed, term, sequence, hash, durable, baseSequence, baseHash].some(Boolean)) return undefined
  const areNumbers = [sequence, baseSequence, durable].every((number) => /^\d{1,15}$/.test(number ?? ''))
  if (!areNumbers || !hash || !baseHash) throw notWhole('it does not say where it ends')
  return {
    armed: armed ?? '',
    term: Number(term),
    head: { sequence: Number(sequence), hash },
    durable: Number(durable),
    base: { sequence: Number(baseSequence), hash: baseHash },
    level: level ?? '',
  }
}
