import { toWeftError, WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import type { Barrier } from './barrier.ts'
import { connectTo, isRefusal } from './client.ts'
import type { Link } from './link.ts'
import type { Place } from './place.ts'

/** What a change has survived when it is acknowledged (deploy/replicas.md has the table). */
export type Level = 'strict' | 'restart-only' | 'available'

/** What has to have a change at this level. */
export function barrierFor(level: Level, { promotable }: Place): Barrier {
  switch (level) {
    case 'strict':
      return { replicas: promotable }
    case 'restart-only':
      return { replicas: 0 }
    case 'available':
      return { replicas: 1 }
  }
}

/**
 * Whether the servers are set up so that the level can keep its promise. Rejects with `invalid-config`, which names the
 * server, the setting and what it has to be. Resolves with the replicas that are set up right; one that does not answer is not
 * among them (`vouchFor`).
 * @param attached `host:port` of the replicas that follow the primary
 */
export async function checkServers(
  site: Site,
  place: Place,
  level: Level,
  attached: readonly string[],
): Promise<readonly string[]> {
  if (level === 'restart-only' && place.promotable.length > 0) throw mayBePromoted(level, place.promotable)
  checkSettings(place.primary, level, await settingsOf(site, place.primary))
  if (level === 'available') return []
  const others = site.kind === 'single' ? attached : place.promotable
  const right: string[] = []
  for (const replica of others) {
    const error = await checkReplica(site, level, replica)
    if (!error) right.push(replica)
    else if (error.code !== 'store-unavailable') throw error
  }
  return right
}

/**
 * Looks at the replicas that must confirm changes and came since the last look: before that their word does not count. Why
 * one of them does not count now.
 */
export async function vouchFor(
  site: Site,
  level: Level,
  { barrier: { replicas }, vouched }: Pick<Link, 'barrier' | 'vouched'>,
  attached: ReadonlyMap<string, number>,
): Promise<WeftError | undefined> {
  // One that was away may come back with other settings.
  for (const replica of vouched) if (!attached.has(replica)) vouched.delete(replica)
  if (typeof replicas === 'number') return undefined
  const fresh = replicas.filter((replica) => attached.has(replica) && !vouched.has(replica))
  const errors = await Promise.all(fresh.map((replica) => checkReplica(site, level, replica)))
  for (const [at, replica] of fresh.entries()) if (!errors[at]) vouched.add(replica)
  return errors.find(Boolean)
}

/** What is wrong with a replica, or that it does not say. */
async function checkReplica(site: Site, level: Level, replica: string): Promise<WeftError | undefined> {
  try {
    const address = parseAddress(replica)
    const settings = await settingsOf(site, address)
    if (settings.get('replica-priority') === '0') return undefined
    if (site.kind === 'single') return mayBePromoted(level, [replica])
    checkSettings(address, level, settings)
    return undefined
  } catch (error) {
    return toWeftError(error)
  }
}

type Settings = ReadonlyMap<string, string>

const WANTED = [
  'appendonly',
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'maxmemory-policy',
  'replica-priority',
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

function checkSettings(address: Address, level: Level, settings: Settings): void {
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
}

function mayBePromoted(level: Level, replicas: readonly string[]): WeftError {
  return new WeftError(
    'invalid-config',
    `The Redis server has replicas that may be promoted: ${replicas.join(', ')}.`,
    {
      field: 'redisLevel',
      advice:
        level === 'restart-only'
          ? "The level 'restart-only' is for one server: give the replicas replica-priority 0, or take 'strict'."
          : 'Say who promotes them with redis+sentinel: or redis+cluster: URLs, or give them replica-priority 0.',
    },
  )
}

function parseAddress(text: string): Address {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? []
  return { host, port: Number(port) }
}
