import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { connect, isIPv6, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Controller } from '../controller/controller.ts'
import type { ListenPlace } from '../controller/places.ts'
import { WeftError } from '../errors.ts'
import { createServer, createTlsServer } from '../http.ts'
import type { Gate } from './gate.ts'
import { answerMalformed } from './raw.ts'
import type { Strangers } from './strangers.ts'
import type { UpgradeHandler } from './upgrade.ts'

interface Handlers {
  readonly serve: RequestListener
  readonly upgrade: UpgradeHandler
  readonly strangers: Strangers
  readonly gate: Gate
}

/** Milliseconds in which a caller has to get things done: TLS, headers, a whole request; then without a byte. */
const TLS_LIMIT = 5_000
const LIMITS: ServerOptions & { readonly pauseOnConnect: true } = {
  pauseOnConnect: true,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
}
const SILENCE_LIMIT = 60_000

/** Connections that wait to be accepted: after a restart all agents come at once. The kernel may allow fewer. */
const BACKLOG = 4_096

/** An HTTP/1.1 server that listens nowhere yet: TLS 1.3 with the controller's certificate, or plain if that was asked for. */
export function createHttpServer(controller: Controller, { serve, upgrade, ...doors }: Handlers): Server {
  const server = controller.settings.insecurePlainWebsocket
    ? createServer(LIMITS, serve)
    : createTlsServer({ ...LIMITS, ...tlsOptions(controller), handshakeTimeout: TLS_LIMIT }, serve)
  server.setTimeout(SILENCE_LIMIT)
  guard(server, doors)
  server.on('clientError', answerMalformed)
  server.on('upgrade', upgrade)
  return server
}

/** Lets nothing be read from a connection, and no TLS begin, before it is let in. */
function guard(server: Server, { strangers, gate }: Pick<Handlers, 'strangers' | 'gate'>): void {
  const begin = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    if (!strangers.enter(socket)) return void socket.destroy()
    gate.enter(socket, () => {
      for (const listener of begin) listener.call(server, socket)
      if (!(server instanceof TlsServer)) socket.resume()
    })
  })
}

/** Starts to listen, and answers where: the same place with the port that was taken. */
export async function listen(server: Server, place: ListenPlace): Promise<string> {
  if ('path' in place) await removeStale(place.path)
  server.listen({ ...place, backlog: BACKLOG })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw cannotListen(place, cause)
  }
  if ('path' in place) await chmod(place.path, 0o660)
  const address = server.address()
  const isTcp = 'host' in place && typeof address === 'object' && address !== null
  return formatPlace(isTcp ? { host: place.host, port: address.port } : place)
}

/** As `listen` of the settings has it. */
function formatPlace(place: ListenPlace): string {
  if ('path' in place) return `unix:${place.path}`
  return isIPv6(place.host) ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`
}

function tlsOptions({ authority: { certificate, certificateKey } }: Controller) {
  return { cert: certificate, key: Buffer.from(certificateKey.expose()), minVersion: 'TLSv1.3' } as const
}

/** Removes the socket of a process that died; one on which somebody answers stays, and listening will fail. */
async function removeStale(path: string): Promise<void> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
  } catch (error) {
    const isDead = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
    if (isDead) await rm(path, { force: true })
  } finally {
    socket.destroy()
  }
}

function cannotListen(place: ListenPlace, cause: unknown): WeftError {
  const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const advice =
    reason === 'EADDRINUSE'
      ? 'Another program listens there; stop it, or choose another place.'
      : `Choose a place that this user may listen at (${reason}).`
  return new WeftError('invalid-config', `The controller cannot listen at ${formatPlace(place)}.`, {
    field: 'listen',
    advice,
    cause,
  })
}
