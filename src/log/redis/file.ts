import { field, lostFor } from './status.ts'

/** The sections of INFO that tell whether a file stands. */
export const FILE_SECTIONS = ['server', 'replication', 'persistence', 'stats', 'commandstats'] as const

/** What a server says of itself. */
export interface Said {
  /** Those sections. */
  readonly info: string
  /** The number of the connection on which it says so, among all that it had (HELLO). */
  readonly connection: number
  /** That of one that was made after that, where it counts (isInDoubt). */
  readonly next?: number
}

/** A time in which nothing but a restart, another role, or a setting can have taken a file away. */
export interface Life {
  /** Of which process and which history. */
  readonly of: string
  /** What is counted of CONFIG, as scripts compare it (scripts/parts.ts, SEEN). */
  readonly counts: string
  /** How many connections it had by then that it does not count, at least. */
  readonly forgotten: number
  /** How many it counts. */
  readonly received: number
}

/** Whether what a server writes would be there after a restart. */
export type FileState =
  | { readonly kind: 'stands'; readonly life: Life }
  /** `why` goes on from the name of the server. */
  | { readonly kind: 'early'; readonly why: string }

/**
 * `appendonly` is `yes` from the moment at which it is set, and on a replica while it is given all there is; but what is written
 * before the first rewrite is done is in no file that counts. A rewrite of a file that stood before takes nothing away, and looks
 * the same: so it is known by a life in which the file was seen to stand.
 * @param known a life in which the file stood
 */
export function fileIn(said: Said, known: Life | undefined): FileState {
  const says = (name: string) => field(said.info, name) === '1'
  const life = lifeIn(said, known)
  if (says('loading') || says('async_loading')) return early('is still loading its data')
  if (!says('aof_enabled')) return early('has no append-only file at the moment')
  if (isRewriting(said.info) && !isSame(said, known)) return early('writes its append-only file anew')
  return { kind: 'stands', life }
}

/** The same for a replica, which follows only once it has begun its file: before that it may say of the one it had. */
export function followersFileIn(said: Said, known: Life | undefined): FileState {
  if (field(said.info, 'master_link_status') !== 'up' || lostFor(said.info) !== undefined)
    return early('does not follow its primary')
  return fileIn(said, known)
}

/** Whether it takes the number of a connection that is made later to tell whether the file is the one from before. */
export function isInDoubt(info: string): boolean {
  return isRewriting(info) && hasReset(countsIn(info))
}

function isRewriting(info: string): boolean {
  return field(info, 'aof_rewrite_in_progress') === '1' || field(info, 'aof_rewrite_scheduled') === '1'
}

function lifeIn(said: Said, known: Life | undefined): Life {
  const of = processIn(said.info)
  const forgotten = forgottenIn(said)
  return {
    of,
    counts: countsIn(said.info),
    // Of one process that never becomes less, but for handshakes (isSame).
    forgotten: known?.of === of ? Math.max(known.forgotten, forgotten) : forgotten,
    received: receivedIn(said.info),
  }
}

/**
 * Each CONFIG SET takes its microseconds, so their sum is never again what it was, but for a CONFIG RESETSTAT, which forgets
 * them. That counts itself when it is done, as the first one each time, and forgets how many connections there were; their
 * numbers go on. Where there was none nothing else is looked at: connections that are refused have a number and do not count.
 *
 * Connections that come between the one of a look and its INFO make what was forgotten look less than it is. To hide a RESETSTAT
 * they have to be as many as that forgot, and that is all that were counted at the look before, at least. Only handshakes of TLS
 * that are under way make it look more: they have a number, and count once they are done. Many of them at a look, while few are
 * counted, hide one from later looks as well; nothing here tells of that. A lower number is of another process.
 */
function isSame(said: Said, known: Life | undefined): boolean {
  const counts = countsIn(said.info)
  if (known?.of !== processIn(said.info) || known.counts !== counts) return false
  if (!hasReset(counts)) return true
  const between = (said.next ?? Number.POSITIVE_INFINITY) - said.connection - 1
  return forgottenIn(said) <= known.forgotten && between >= 0 && between < known.received
}

function processIn(info: string): string {
  return `${field(info, 'run_id')} ${field(info, 'master_replid')}`
}

function countsIn(info: string): string {
  return `${field(info, String.raw`cmdstat_config\|set`)} ${field(info, String.raw`cmdstat_config\|resetstat`)}`
}

function hasReset(counts: string): boolean {
  return !counts.endsWith(' ')
}

function receivedIn(info: string): number {
  return Number(field(info, 'total_connections_received'))
}

function forgottenIn({ info, connection }: Said): number {
  return connection - receivedIn(info)
}

function early(why: string): FileState {
  return { kind: 'early', why }
}
