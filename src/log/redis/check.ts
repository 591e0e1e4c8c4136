import { toWeftError, WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { connectTo, isRefusal } from './client.ts'

/** What a change has survived when it is acknowledged (deploy/replicas.md has the table). */
export type Level = 'strict' | 'restart-only' | 'available'

/** What a server is to the log. */
export type Look =
  /** It may be promoted, and is set up as the level wants. */
  | { readonly kind: 'right' }
  /** It is never promoted. */
  | { readonly kind: 'bystander' }
  /** It may be promoted and is set up wrong, or does not say. */
  | { readonly kind: 'wrong' | 'silent'; readonly reason: WeftError }

/** Asks the primary for its settings. */
export function lookAtPrimary(site: Site, level: Level, primary: Address): Promise<Look> {
  return looking(async () => {
    checkSettings(primary, { site, level }, await settingsOf(site, primary))
    return { kind: 'right' }
  })
}

/** Asks a replica for its settings: before that its word does not count. */
export function lookAtReplica(site: Site, level: Level, replica: string): Promise<Look> {
  return looking(async () => {
    const address = parseAddress(replica)
    const settings = await settingsOf(site, address)
    if (isNeverPromoted(site, settings)) return { kind: 'bystander' }
    checkSettings(address, { site, level }, settings)
    return { kind: 'right' }
  })
}

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

async function settingsOf(site: Site, address: Address): Promise<Settings> {
  const client = await connectTo(address, site.access)
  try {
    const replies = await Promise.all(WANTED.map((name) => client.call('CONFIG', 'GET', name)))
    return new Map(
      replies.map((reply) => {
        const [name, value] = Array.isArray(reply) ? reply.map(String) : []
        return [name ?? '', value ?? ''] as const
      }),
    )
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

interface Wanted {
  readonly site: Site
  readonly level: Level
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
