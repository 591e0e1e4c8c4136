import { Redis } from 'ioredis'
import { WeftError } from '../../errors.ts'
import { type Access, type Address, addressText } from './address.ts'
import { reasonOf } from './reasons.ts'

/**
 * Milliseconds for a connection, and for any answer that does not wait for replicas. A change asks whether it was made and
 * then makes it: with BARRIER_ANSWER_LIMIT (link.ts) that is less than the three seconds in which it is answered.
 */
const CONNECT_LIMIT = 1_500
const ANSWER_LIMIT = 1_200

/** In ms: other limits than the usual ones. */
interface Limits {
  readonly connectTimeout?: number
  readonly commandTimeout?: number
  readonly socketTimeout?: number
}

/** @param limit milliseconds for a connection, and for each answer */
export function limitsOf(limit: number): Limits {
  return { connectTimeout: limit, commandTimeout: limit }
}

/**
 * A connection that is used until it breaks and never repaired: what was under way on it then fails at once, instead of
 * being sent again to a server that may be another by now. Who needs one again makes a new one. Rejects with
 * `store-unavailable`.
 *
 * ioredis would otherwise queue commands while there is no connection, send what was not answered again after the next
 * one stands (a WAIT too, for a write that server never had), and let promises hang for ever.
 */
export async function connectTo(address: Address, access: Access, limits: Limits = {}): Promise<Redis> {
  const { host, port } = address
  const client = new Redis({
    host,
    port,
    ...(access.tls && { tls: {} }),
    protocol: 2,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableAutoPipelining: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: CONNECT_LIMIT,
    commandTimeout: ANSWER_LIMIT,
    keepAlive: 5_000,
    ...limits,
  })
  // Errors come with the commands they spoil, but for a password that is refused; without a listener ioredis prints them.
  let said: unknown
  client.on('error', (error) => {
    said ??= error
  })
  try {
    await client.connect()
    await signIn(client, access)
    return client
  } catch (cause) {
    client.disconnect()
    // What ioredis rejects with is that the connection is closed; why, it said before.
    throw failureAt([cause, said].find(isRefusal) ?? said ?? cause, addressText(address), { isFirst: true })
  }
}

/** By hand: ioredis writes on stderr when a server wants no password. */
async function signIn(client: Redis, { username, password, database }: Access): Promise<void> {
  if (password !== undefined) {
    const words = username === undefined ? [password] : [username, password]
    await client.call('AUTH', ...words).catch((error: unknown) => {
      if (!(error instanceof Error && WANTS_NONE.test(error.message))) throw error
    })
  }
  if (database > 0) await client.select(database)
}

const WANTS_NONE = /no password is set|without any password configured/

/**
 * Why a server could not be used: `invalid-config` when it will always say no to this user, `store-unavailable` otherwise.
 * @param options.isFirst whether it has answered nothing yet on this connection
 */
export function failureAt(cause: unknown, server: string, { isFirst = false } = {}): WeftError {
  if (cause instanceof WeftError) return cause
  if (!isRefusal(cause)) return silent(cause, server, isFirst)
  const sentence = refusalText(cause)
  if (!FOR_THE_USER.has(codeOf(cause))) return new WeftError('store-unavailable', sentence, { cause })
  return new WeftError('invalid-config', sentence, {
    field: 'redisUrls',
    advice: 'Give the user and password there, and the user the rights that deploy/replicas.md names.',
    cause,
  })
}

function silent(cause: unknown, server: string, isFirst: boolean): WeftError {
  const { why, advice } = reasonOf(cause, isFirst) ?? {}
  const message = `The Redis server ${server} does not answer${why === undefined ? '' : `: ${why}`}.`
  return new WeftError('store-unavailable', message, { cause, ...(advice !== undefined && { advice }) })
}

const FOR_THE_USER: ReadonlySet<string> = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM'])

function codeOf({ message }: Error): string {
  return message.split(' ')[0] ?? ''
}

/** Resolves when the connection is gone. */
export function endOf(client: Redis): Promise<void> {
  return new Promise((resolve) => {
    if (client.status === 'end') resolve()
    else client.once('end', () => resolve())
  })
}

/** Whether the server itself said no: then nothing was done. Anything else leaves it open. */
export function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  // What could not be put on the wire was not done either.
  return error.name === 'ReplyError' || isUnsent(error)
}

function isUnsent({ message }: Error): boolean {
  return message.includes('enableOfflineQueue')
}

/** Whether nothing was asked: the connection is gone, or the server says on it that it takes no more of them (maxclients). */
export function isTurnedAway(error: Error): boolean {
  return isUnsent(error) || error.message.startsWith('ERR max number of clients')
}

/** Whether a server says no for now, to any user. */
export function isPassing(error: Error): boolean {
  const code = codeOf(error)
  return Object.hasOwn(SENTENCES, code) && !FOR_THE_USER.has(code)
}

/** The server's `no` as a sentence of ours; or that it was not asked. */
export function refusalText(error: Error): string {
  if (isUnsent(error)) return 'The connection to the Redis server is gone.'
  const [, command] = /permissions to run the ('[\w|]+') command/.exec(error.message) ?? []
  if (command) return `The Redis user may not run ${command}, which a log needs.`
  return SENTENCES[codeOf(error)] ?? `The Redis server refuses: ${firstWords(error)}.`
}

/** Its code; of a general one the words up to what may have been sent, and be a password. */
function firstWords({ message }: Error): string {
  const [words = ''] = /^(?:ERR [a-z ]{1,60}|\w+)/.exec(message) ?? []
  return words.trim() || 'without a word'
}

const SENTENCES: Readonly<Record<string, string>> = Object.freeze({
  OOM: 'The Redis server has no memory left for changes.',
  MISCONF: 'The Redis server cannot write to its disk.',
  READONLY: 'The Redis server is a replica now.',
  BUSY: 'The Redis server is kept busy by a script of somebody else; SCRIPT KILL there ends it.',
  NOREPLICAS: 'The Redis server has fewer replicas than its min-replicas-to-write.',
  LOADING: 'The Redis server is still loading its data.',
  MASTERDOWN: 'The Redis server is a replica without its primary.',
  CLUSTERDOWN: 'The Redis Cluster is down.',
  MOVED: 'The log is at another node of the Redis Cluster now.',
  ASK: 'The log is being moved to another node of the Redis Cluster.',
  TRYAGAIN: 'The log is being moved to another node of the Redis Cluster.',
  NOAUTH: 'The Redis server wants a password.',
  WRONGPASS: 'The Redis server does not take this user and password.',
  NOPERM: 'The Redis user may not use the keys or channels of this log.',
})
