import { Redis } from 'ioredis'
import { WeftError } from '../../errors.ts'
import { type Access, type Address, addressText } from './address.ts'

/** Milliseconds for a connection, and for any answer that does not wait for replicas. */
const CONNECT_LIMIT = 1_500
const ANSWER_LIMIT = 1_500

/** In ms: other limits than the usual ones. */
interface Limits {
  readonly connectTimeout?: number
  readonly commandTimeout?: number
  readonly socketTimeout?: number
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
    db: access.database,
    ...(access.username !== undefined && { username: access.username }),
    ...(access.password !== undefined && { password: access.password }),
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
  // Errors come with the commands they spoil; without a listener ioredis would print them.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (cause) {
    client.disconnect()
    throw new WeftError('store-unavailable', `The Redis server ${addressText(address)} does not answer.`, {
      cause,
    })
  }
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
  return error.name === 'ReplyError' || /enableOfflineQueue/.test(error.message)
}

/** The server's `no` as a sentence of ours. */
export function refusalText({ message }: Error): string {
  const code = message.split(' ')[0] ?? ''
  return SENTENCES[code] ?? 'The Redis server refuses.'
}

const SENTENCES: Readonly<Record<string, string>> = Object.freeze({
  OOM: 'The Redis server has no memory left for changes.',
  MISCONF: 'The Redis server cannot write to its disk.',
  READONLY: 'The Redis server is a replica now.',
  LOADING: 'The Redis server is still loading its data.',
  MASTERDOWN: 'The Redis server is a replica without its primary.',
  CLUSTERDOWN: 'The Redis Cluster is down.',
  MOVED: 'The log is at another node of the Redis Cluster now.',
  ASK: 'The log is being moved to another node of the Redis Cluster.',
  TRYAGAIN: 'The log is being moved to another node of the Redis Cluster.',
  NOAUTH: 'The Redis server wants a password.',
  WRONGPASS: 'The Redis server does not take this user and password.',
  NOPERM: 'The Redis user may not do what a log needs.',
})
