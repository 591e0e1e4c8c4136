import { toWeftError, WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { connectTo, isPassing, isRefusal, isTurnedAway, refusalText } from './client.ts'
import {
  FILE_SECTIONS,
  type FileState,
  fileIn,
  followersFileIn,
  isInDoubt,
  type Life,
  type Said,
} from './file.ts'
import { field, runIdIn } from './status.ts'

/** What a change has survived when it is acknowledged (deploy/replicas.md has the table). */
export type Level = 'strict' | 'restart-only' | 'available'

/** What a server is to the log. */
export type Look = Kind & {
  /** Of the replica that was asked, if it was that one who answered. */
  readonly runId?: string
}

type Kind =
  /** It may be promoted, and is set up as the level wants. `life`: in which its file was seen to stand, where one is wanted. */
  | { readonly kind: 'right'; readonly life?: Life }
  /** It is never promoted. */
  | { readonly kind: 'bystander' }
  /**
   * It may be promoted and is set up wrong, or does not say, or is right but has nothing on its disk yet, or several have
   * its address, or another has, who answers there.
   */
  | { readonly kind: 'wrong' | 'silent' | 'early' | 'shared' | 'elsewhere'; readonly reason: WeftError }

export interface Wanted {
  readonly site: Site
  readonly level: Level
}

/** Asks the primary for its settings. @param known a life in which its file stood */
export function lookAtPrimary(wanted: Wanted, primary: Address, known: Life | undefined): Promise<Look> {
  return looking(async () => {
    const { settings, said } = await askFor(wanted, primary)
    checkSettings(primary, wanted, settings)
    return wanted.level === 'available' ? { kind: 'right' } : toLook(primary, fileIn(said, known))
  })
}

/** What is known of a replica before it is asked. */
export interface Known {
  /** Whether the primary says that it follows, and is not being given all there is. */
  readonly isOnline: boolean
  /** What it was at the last look, if it is the one that was looked at. */
  readonly look: Look | undefined
}

/** Asks a replica for its settings: before that its word does not count. */
export function lookAtReplica(wanted: Wanted, replica: string, known: Known): Promise<Look> {
  return looking(async () => {
    const address = parseAddress(replica)
    const { settings, said } = await askFor(wanted, address)
    if (!isItself(said, known)) return { kind: 'elsewhere', reason: answeredByOther([replica]) }
    const look = await looking(async () => {
      if (isNeverPromoted(wanted.site, settings)) return { kind: 'bystander' }
      checkSettings(address, wanted, settings)
      return toLook(
        address,
        followersFileIn(said, known.look?.kind === 'right' ? known.look.life : undefined),
      )
    })
    return { ...look, runId: runIdIn(said.info) }
  })
}

/**
 * Whether the one that answers at the address of a replica is that replica, which follows: by an address that was copied, or
 * is that of a gateway, it may be the primary itself, or anybody. One that was it is it for as long as it runs.
 */
function isItself({ info }: Said, { isOnline, look }: Known): boolean {
  if (field(info, 'role') !== 'slave') return false
  const follows = field(info, 'master_link_status') === 'up' || field(info, 'master_sync_in_progress') === '1'
  return follows || !isOnline || look?.runId === runIdIn(info)
}

/** Of replicas that cannot be asked, for others answer at their addresses. */
export function answeredByOther(replicas: readonly string[]): WeftError {
  const message = `Who answers at ${replicas.join(', ')} is not the Redis replica that follows by that address.`
  return new WeftError('store-unavailable', message, {
    advice: `Give each an address of its own, at which controllers get to it, with replica-announce-ip and replica-announce-port (in a container the address of its host and the port that is published there), and let it follow anew. ${UNASKED}`,
  })
}

/** Of one URL. */
export const UNASKED =
  'With a redis: URL one that followed and was not asked whether it may be promoted counts until it follows by that address, by itself, and says that it is not: where it never will, or follows by another address by now, see that all that follow have replica-priority 0 and that nobody can promote the others, and start the controllers anew.'

function toLook(address: Address, file: FileState): Kind {
  if (file.kind === 'stands') return { kind: 'right', life: file.life }
  const message = `The Redis server ${addressText(address)} ${file.why}.`
  return { kind: 'early', reason: new WeftError('store-unavailable', message, { advice: WAIT_FOR_FILE }) }
}

const WAIT_FOR_FILE =
  'A restart of it could take back what it takes now, so that does not count yet. Wait until its INFO says loading:0, aof_enabled:1, aof_rewrite_in_progress:0, aof_rewrite_scheduled:0, and of a replica master_link_status:up; if it never does, its own log says why. A rewrite of a file that was there before stops changes only if somebody ran CONFIG SET or CONFIG RESETSTAT there, or connected it or a controller anew, since it began: let no tool do that.'

/** A Cluster promotes replicas of any priority, and none that follow a node of it from outside. */
function isNeverPromoted({ kind }: Site, settings: Settings): boolean {
  if (kind !== 'cluster') return settings.get('replica-priority') === '0'
  return settings.get('cluster-replica-no-failover') === 'yes' || settings.get('cluster-enabled') === 'no'
}

async function looking<Found extends Look>(look: () => Promise<Found>): Promise<Found | Look> {
  try {
    return await look()
  } catch (error) {
    const reason = toWeftError(error)
    return { kind: reason.code === 'store-unavailable' ? 'silent' : 'wrong', reason }
  }
}

type Settings = ReadonlyMap<string, string>

const WANTED = [
  'appendonly',
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'maxmemory-policy',
  'replica-priority',
  'cluster-enabled',
  'cluster-replica-no-failover',
  'cluster-replica-validity-factor',
]

interface Asked {
  readonly settings: Settings
  readonly said: Said
}

async function askFor({ site }: Wanted, address: Address): Promise<Asked> {
  const client = await connectTo(address, site.access)
  try {
    // The life first: what is set meanwhile belongs to a later one.
    const saying = [client.call('HELLO'), client.info(...FILE_SECTIONS)] as const
    const asking = WANTED.map((name) => client.call('CONFIG', 'GET', name))
    const [[hello, info], ...replies] = await Promise.all([Promise.all(saying), ...asking])
    const said = { info, connection: connectionIn(hello) }
    return {
      settings: new Map(replies.map(toSetting)),
      said: isInDoubt(info) ? { ...said, next: await nextConnection(site, address) } : said,
    }
  } catch (cause) {
    throw unread(addressText(address), cause)
  } finally {
    client.disconnect()
  }
}

function unread(server: string, cause: unknown): WeftError {
  if (!isRefusal(cause) || isTurnedAway(cause))
    return new WeftError('store-unavailable', `The Redis server ${server} does not answer.`, {
      advice:
        'If it runs, see whether it takes one more connection: its maxclients, and what stands before it.',
      cause,
    })
  const message = `The settings of the Redis server ${server} cannot be read`
  if (isPassing(cause))
    return new WeftError('store-unavailable', `${message} at the moment: ${refusalText(cause)}`, { cause })
  return new WeftError('invalid-config', `${message}.`, {
    field: 'redisUrls',
    advice: 'Let this user run CONFIG GET: the promise of redisLevel depends on these settings.',
    cause,
  })
}

async function nextConnection({ access }: Site, address: Address): Promise<number> {
  const client = await connectTo(address, access)
  try {
    return connectionIn(await client.call('HELLO'))
  } finally {
    client.disconnect()
  }
}

/** @param hello `[name, value, name, value]`; all users may ask for that */
function connectionIn(hello: unknown): number {
  const parts = Array.isArray(hello) ? hello.map(String) : []
  return Number(parts[parts.indexOf('id') + 1])
}

function toSetting(reply: unknown): readonly [string, string] {
  const [name = '', value = ''] = Array.isArray(reply) ? reply.map(String) : []
  return [name, value]
}

function checkSettings(address: Address, { site, level }: Wanted, settings: Settings): void {
  const expect = (name: string, isRight: (value: string) => boolean, wanted: string) => {
    const value = settings.get(name) ?? ''
    if (isRight(value)) return
    const server = addressText(address)
    throw new WeftError('invalid-config', `The Redis server ${server} has ${name} '${value}'.`, {
      field: 'redisLevel',
      advice: `At the level '${level}' it has to be '${wanted}': set it in redis.conf and with CONFIG SET.`,
    })
  }
  expect('maxmemory-policy', (value) => value === 'noeviction', 'noeviction')
  if (level === 'available') return
  expect('appendonly', (value) => value === 'yes', 'yes')
  expect('appendfsync', (value) => value === 'always', 'always')
  expect('no-appendfsync-on-rewrite', (value) => value === 'no', 'no')
  if (level !== 'strict' || site.kind !== 'cluster') return
  // Or the primary of before is elected as soon as it is back, without what it missed.
  expect('cluster-replica-validity-factor', (value) => value !== '0', '1 or more')
}

export function parseAddress(text: string): Address {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? []
  return { host, port: Number(port) }
}
