import { toWeftError, WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { connectTo, isRefusal } from './client.ts'
import { FILE_SECTIONS, type FileState, fileIn, followersFileIn, type Said } from './file.ts'

/** What a change has survived when it is acknowledged (deploy/replicas.md has the table). */
export type Level = 'strict' | 'restart-only' | 'available'

/** What a server is to the log. */
export type Look =
  /** It may be promoted, and is set up as the level wants. `life`: in which its file was seen to stand, where one is wanted. */
  | { readonly kind: 'right'; readonly life?: string }
  /** It is never promoted. */
  | { readonly kind: 'bystander' }
  /**
   * It may be promoted and is set up wrong, or does not say, or is right but has nothing on its disk yet, or several have
   * its address.
   */
  | { readonly kind: 'wrong' | 'silent' | 'early' | 'shared'; readonly reason: WeftError }

export interface Wanted {
  readonly site: Site
  readonly level: Level
}

/** Asks the primary for its settings. @param known a life in which its file stood */
export function lookAtPrimary(wanted: Wanted, primary: Address, known: string | undefined): Promise<Look> {
  return looking(async () => {
    const { settings, said } = await askFor(wanted, primary)
    checkSettings(primary, wanted, settings)
    return wanted.level === 'available' ? { kind: 'right' } : toLook(primary, fileIn(said, known))
  })
}

/** Asks a replica for its settings: before that its word does not count. @param known a life in which its file stood */
export function lookAtReplica(wanted: Wanted, replica: string, known: string | undefined): Promise<Look> {
  return looking(async () => {
    const address = parseAddress(replica)
    const { settings, said } = await askFor(wanted, address)
    if (isNeverPromoted(wanted.site, settings)) return { kind: 'bystander' }
    checkSettings(address, wanted, settings)
    return toLook(address, followersFileIn(said, known))
  })
}

function toLook(address: Address, file: FileState): Look {
  if (file.kind === 'stands') return { kind: 'right', life: file.life }
  const message = `The Redis server ${addressText(address)} ${file.why}.`
  return { kind: 'early', reason: new WeftError('store-unavailable', message, { advice: WAIT_FOR_FILE }) }
}

const WAIT_FOR_FILE =
  'A restart of it could take back what it takes now, so that does not count yet. Wait until its INFO says loading:0, aof_enabled:1, aof_rewrite_in_progress:0, aof_rewrite_scheduled:0, and of a replica master_link_status:up; if it never does, its own log says why.'

/** A Cluster promotes replicas of any priority, and none that follow a node of it from outside. */
function isNeverPromoted({ kind }: Site, settings: Settings): boolean {
  if (kind !== 'cluster') return settings.get('replica-priority') === '0'
  return settings.get('cluster-replica-no-failover') === 'yes' || settings.get('cluster-enabled') === 'no'
}

async function looking(look: () => Promise<Look>): Promise<Look> {
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
    const asking = WANTED.map((name) => client.call('CONFIG', 'GET', name))
    const saying = [client.call('HELLO'), client.info(...FILE_SECTIONS)] as const
    const [[hello, info], ...replies] = await Promise.all([Promise.all(saying), ...asking])
    return { settings: new Map(replies.map(toSetting)), said: { info, connection: connectionIn(hello) } }
  } catch (cause) {
    if (!isRefusal(cause)) {
      throw new WeftError('store-unavailable', `The Redis server ${addressText(address)} does not answer.`, {
        cause,
      })
    }
    throw new WeftError(
      'invalid-config',
      `The settings of the Redis server ${addressText(address)} cannot be read.`,
      {
        field: 'redisUrls',
        advice: 'Let this user run CONFIG GET: the promise of redisLevel depends on these settings.',
        cause,
      },
    )
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
