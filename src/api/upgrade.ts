import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Controller } from '../controller/controller.ts'
import { WeftError } from '../errors.ts'
import { AGENT_PATH, CHANNEL_BYTES, CHANNEL_LABEL, SUBPROTOCOL } from '../protocol/handshake.ts'
import { type Failure, failureOf } from './problem.ts'
import { endWithProblem } from './raw.ts'

/** Most bytes of a frame from an agent; ws allows 100 MiB by itself. */
const MAX_FRAME = 65_536

export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void

interface Doors {
  /** Who holds the other end has proven who it is. */
  readonly onKnown: (socket: Socket) => void
  /** It is a websocket now. */
  readonly onHandedOver: (socket: Socket) => void
}

/** Hands websockets of agents to the controller, and turns all other upgrades away. */
export function createUpgradeHandler(controller: Controller, doors: Doors): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  return (request, socket, head) => {
    const refusal = refusalOf(request)
    if (refusal) return endWithProblem(socket, refusal)
    server.handleUpgrade(request, socket, head, (websocket) => {
      doors.onHandedOver(socket)
      accept(websocket, socket, controller, doors).catch(() => socket.destroy())
    })
  }
}

async function accept(
  websocket: WebSocket,
  socket: Socket,
  controller: Controller,
  { onKnown }: Doors,
): Promise<void> {
  const channel = { binding: bindingOf(socket), remoteAddress: socket.remoteAddress ?? '', wire: socket }
  await controller.acceptAgent(websocket, channel)
  // Who was refused is still a stranger, for as long as it keeps its end open.
  if (websocket.readyState === websocket.OPEN) onKnown(socket)
}

function refusalOf({ url, headers }: IncomingMessage): Failure | undefined {
  if (url !== AGENT_PATH) {
    return failureOf(new WeftError('not-found', 'There is no websocket at this address.'))
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  if (offered.includes(SUBPROTOCOL)) return undefined
  return failureOf(
    new WeftError('protocol-error', `The websocket has to be of the subprotocol ${SUBPROTOCOL}.`),
  )
}

/** What only the two ends of this TLS connection can know (RFC 9266); empty without TLS. */
function bindingOf(socket: Socket): Uint8Array {
  if (!(socket instanceof TLSSocket)) return new Uint8Array()
  return new Uint8Array(socket.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0)))
}
