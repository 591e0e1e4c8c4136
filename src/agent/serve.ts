import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError } from '../errors.ts'
import { type AgentFrame, encodeFrame } from '../protocol/frames.ts'
import type { Connection } from './dial.ts'
import type { Node } from './node.ts'

export interface ServeTools {
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** After a session that ended by itself: long enough to spread many agents, short enough not to be missed. */
const USUAL_SPREAD = 1_000
/** After another machine took the session over: the two would else throw each other out many times a minute. */
const CONTENDED_SPREAD = 30_000
/** Heartbeats of the controller that may be missed before the connection is taken for half-open. */
const BEATS_MISSED = 2.5

/** Serves one session to its end. Resolves with the span in ms within which to come back. */
export async function serve(
  connection: Connection,
  node: Node,
  { clock, log, signal }: ServeTools,
): Promise<number> {
  const { socket, stream, localAddress } = connection
  const stopWatching = watch(connection, clock)
  const hangUp = () => socket.close(1000)
  signal.addEventListener('abort', hangUp, { once: true })
  // It may have come while the connection was made: of what is over already, nobody is told.
  if (signal.aborted) hangUp()
  const send = (frame: AgentFrame) => {
    if (socket.readyState === socket.OPEN) socket.send(encodeFrame(frame))
  }
  // Nothing would come of a connection from an address that is gone, and TCP would try for a quarter of an hour.
  node.attach(send, (address) => address === localAddress && socket.terminate())
  // Pings stand in line with all that is said; what came and is not taken yet may be just what is waited for.
  socket.on('ping', () => stream.isAwaited && node.heard())
  log.info('connected')
  try {
    for (;;) {
      const frame = await stream.next()
      if (frame.type === 'drain') return frame.reconnectWithin
      await node.take(frame)
    }
  } catch (error) {
    const { code, message, advice } = toWeftError(error)
    if (code === 'conflict') log.warn({ reason: message, advice }, 'session ended')
    else log.info({ reason: message }, 'session ended')
    return code === 'conflict' ? CONTENDED_SPREAD : USUAL_SPREAD
  } finally {
    node.detach()
    stopWatching()
    signal.removeEventListener('abort', hangUp)
    socket.close()
  }
}

/**
 * Ends the connection when nothing came for too long: its other end may be gone without a word. Whatever comes counts, since
 * on a slow line the controller's heartbeat stands behind all that is on its way.
 */
function watch({ socket, wire, heartbeatSeconds }: Connection, clock: Clock): () => void {
  const limit = heartbeatSeconds * 1_000 * BEATS_MISSED
  let [bytes, heardAt] = [wire.bytesRead, clock.monotonic()]
  let cancel = () => {}
  const look = () => {
    if (wire.bytesRead !== bytes) [bytes, heardAt] = [wire.bytesRead, clock.monotonic()]
    if (clock.monotonic() - heardAt >= limit) return socket.terminate()
    cancel = clock.after((heartbeatSeconds * 1_000) / 2, look)
  }
  look()
  return () => cancel()
}
