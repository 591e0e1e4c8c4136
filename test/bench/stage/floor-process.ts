// Servers that do the work which nobody can do without, and nothing else: TLS, websockets, the same bytes.

import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { Gate } from '../../../src/api/gate.ts'
import { systemClock } from '../../../src/clock.ts'
import { createAuthority, type OpenAuthority, openAuthority } from '../../../src/controller/authority.ts'
import type { Parcel } from '../../../src/controller/push/message.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import type { VerifyKey } from '../../../src/keys/signature.ts'
import { toBase64Url } from '../../../src/keys/text.ts'
import { encodeFrame } from '../../../src/protocol/frames.ts'
import {
  CHANNEL_BYTES,
  CHANNEL_LABEL,
  NONCE_BYTES,
  SUBPROTOCOL,
  signTranscript,
  type Transcript,
  verifyTranscript,
} from '../../../src/protocol/handshake.ts'
import { answerCalls } from '../helper.ts'
import { now } from '../scenario.ts'
import { inGroups, type Store } from './floor-store.ts'
import { Tally } from './tally.ts'

const BACKLOG = 4_096

const sockets = new Set<WebSocket>()
const tally = new Tally()
let authority: OpenAuthority | undefined

const calls = {
  /** Websockets over TLS that say nothing by themselves; gives port and pin. */
  async openSockets() {
    const { certificate, certificateKey, fingerprint } = await ownAuthority()
    const server = createServer({
      cert: certificate,
      key: Buffer.from(certificateKey.expose()),
      minVersion: 'TLSv1.3',
    })
    const acceptor = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })
    acceptor.on('connection', (socket) => {
      sockets.add(socket)
      tally.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    return { port: await listen(server), fingerprint }
  },
  /** Sends the same to all sockets; gives the ms until the last has acknowledged. */
  async send({ bytes, isBinary }: Parcel): Promise<number> {
    tally.armFor(sockets.size)
    const message = Buffer.from(bytes)
    const start = now()
    for (const socket of sockets) socket.send(message, { binary: isBinary })
    return (await tally.done(60_000)) - start
  },
  /** Websockets over TLS with a challenge both ways, and `answer` behind the welcome. */
  async openChallenges(answer: string) {
    const opened = await ownAuthority()
    const { certificate, certificateKey, fingerprint, signing } = opened
    const server = createServer({
      cert: certificate,
      key: Buffer.from(certificateKey.expose()),
      minVersion: 'TLSv1.3',
      pauseOnConnect: true,
    })
    const gate = queueBefore(server)
    const acceptor = new WebSocketServer({
      server,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: () => SUBPROTOCOL,
    })
    acceptor.on('connection', (socket, request) => {
      challenge(socket, request.socket, opened, () => {
        gate.known(request.socket)
        socket.send(answer)
      })
    })
    return { port: await listen(server), fingerprint, controllerKey: signing.publicKey }
  },
  /** TLS with nothing in it. */
  async openBare(): Promise<number> {
    const { certificate, certificateKey } = await ownAuthority()
    const held = new Set<TLSSocket>()
    const server = createTlsServer(
      { cert: certificate, key: Buffer.from(certificateKey.expose()), minVersion: 'TLSv1.3' },
      (socket) => {
        held.add(socket)
        socket.on('error', () => undefined).on('close', () => held.delete(socket))
      },
    )
    server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG })
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  },
  /** HTTP over TLS that writes a row for each POST, all of 2 ms with one fsync, and answers when it is durable. */
  async openRest(store: Store): Promise<number> {
    const { certificate, certificateKey } = await ownAuthority()
    const keep = inGroups(store)
    const server = createServer(
      { cert: certificate, key: Buffer.from(certificateKey.expose()), minVersion: 'TLSv1.3' },
      async (request, response) => {
        const body = await text(request)
        JSON.parse(body)
        // Events and answers of the controller are about as long.
        const answer = JSON.stringify({ body, rest: 'x'.repeat(300) })
        await keep(answer)
        response.writeHead(201, { 'content-type': 'application/json', 'content-length': answer.length })
        response.end(answer)
      },
    )
    return listen(server)
  },
  /** Milliseconds of CPU so far, of all threads. */
  cpu(): number {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
  /** Megabytes. */
  residentMemory: () => process.memoryUsage.rss() / 2 ** 20,
}

async function ownAuthority(): Promise<OpenAuthority> {
  if (authority) return authority
  const key = new SecretBytes(systemRandom(32))
  authority = openAuthority(await createAuthority(key, systemRandom), key)
  return authority
}

/** Without the queue thousands of handshakes at once would all take longer than callers wait, and none would ever end. */
function queueBefore(server: Server): Gate {
  const gate = new Gate(systemClock)
  const begin = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    gate.enter(socket, () => {
      for (const listener of begin) listener.call(server, socket)
    })
  })
  return gate
}

async function listen(server: Server): Promise<number> {
  server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG })
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** The server's half of the handshake, with neither checks of form nor limits. */
function challenge(socket: WebSocket, wire: Socket, { signing }: OpenAuthority, welcome: () => void): void {
  const channel =
    wire instanceof TLSSocket
      ? new Uint8Array(wire.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0)))
      : new Uint8Array()
  socket.once('message', (data: Buffer) => {
    const { nodeKey, nonce: agentNonce }: { nodeKey: VerifyKey; nonce: string } = JSON.parse(data.toString())
    const controllerNonce = toBase64Url(systemRandom(NONCE_BYTES))
    const transcript: Transcript = {
      nodeKey,
      controllerKey: signing.publicKey,
      agentNonce,
      controllerNonce,
      channel,
    }
    const signature = signTranscript(signing, 'weft/1 controller challenge', transcript)
    socket.once('message', (said: Buffer) => {
      const hello: { signature: string; sealingKey: string } = JSON.parse(said.toString())
      if (!verifyTranscript(nodeKey, 'weft/1 agent hello', transcript, hello.signature, hello.sealingKey))
        return socket.terminate()
      // Both in one piece.
      wire.cork()
      socket.send(encodeFrame({ type: 'welcome', node: 'a'.repeat(26) as NodeId, heartbeatSeconds: 10 }))
      welcome()
      wire.uncork()
    })
    socket.send(encodeFrame({ type: 'challenge', nonce: controllerNonce, key: signing.publicKey, signature }))
  })
}

export type FloorCalls = typeof calls

answerCalls(calls)
