import { field, lostFor } from './status.ts'

/** The sections of INFO that tell whether a file stands. */
export const FILE_SECTIONS = ['server', 'replication', 'persistence', 'stats', 'commandstats'] as const

/** What a server says of itself. */
export interface Said {
  /** Those sections. */
  readonly info: string
  /** The number of the connection on which it says so, among all that it had (HELLO). */
  readonly connection: number
}

/** Whether what a server writes would be there after a restart. */
export type FileState =
  /** `life`: nothing but a restart, another role, or a setting can take that away, and then this is another text. */
  | { readonly kind: 'stands'; readonly life: string }
  /** `why` goes on from the name of the server. */
  | { readonly kind: 'early'; readonly why: string }

/**
 * `appendonly` is `yes` from the moment at which it is set, and on a replica while it is given all there is; but what is written
 * before the first rewrite is done is in no file that counts. A rewrite of a file that stood before takes nothing away, and looks
 * the same: so it is known by a life in which the file was seen to stand.
 * @param known a life in which the file stood
 */
export function fileIn(said: Said, known: string | undefined): FileState {
  const says = (name: string) => field(said.info, name) === '1'
  const life = lifeIn(said)
  if (says('loading') || says('async_loading')) return early('is still loading its data')
  if (!says('aof_enabled')) return early('has no append-only file at the moment')
  const isRewriting = says('aof_rewrite_in_progress') || says('aof_rewrite_scheduled')
  if (isRewriting && life !== known) return early('writes its append-only file anew')
  return { kind: 'stands', life }
}

/** The same for a replica, which follows only once it has begun its file: before that it may say of the one it had. */
export function followersFileIn(said: Said, known: string | undefined): FileState {
  if (field(said.info, 'master_link_status') !== 'up' || lostFor(said.info) !== undefined)
    return early('does not follow its primary')
  return fileIn(said, known)
}

/**
 * Each CONFIG SET takes its microseconds, so their sum is never again what it was, but for a CONFIG RESETSTAT, which forgets
 * them. That counts itself when it is done, as the first one each time, and forgets how many connections there were; their
 * numbers go on. Where there was none nothing else is looked at: connections that are refused have a number and do not count.
 */
function lifeIn({ info, connection }: Said): string {
  const of = (name: string) => field(info, name)
  const [set, reset] = [of(String.raw`cmdstat_config\|set`), of(String.raw`cmdstat_config\|resetstat`)]
  const forgotten = reset === '' ? '' : `+${connection - Number(of('total_connections_received'))}`
  return [of('run_id'), `${of('master_replid')}${forgotten}`, set, reset].join(' ')
}

/** Of a life what is counted of CONFIG, as scripts compare it (scripts/parts.ts, SEEN). */
export function countsIn(life: string): string {
  return life.split(' ').slice(2).join(' ')
}

function early(why: string): FileState {
  return { kind: 'early', why }
}
