import { createSocket } from 'node:dgram'
import type { Address } from '../address/cidr.ts'

/** UDP port on which relays answer probes inside the transit. */
export const ECHO_PORT = 51_819
/** A probe is not longer. */
const MOST_BYTES = 64
/** Wait (ms) before an address that is not there yet is tried again. */
const RETRY = 1_000

/** Sends every short datagram back to where it came from, until the signal ends it. */
export function startEcho(address: Address, port: number, signal: AbortSignal): void {
  if (signal.aborted) return
  const socket = createSocket('udp6')
  const close = () => socket.close()
  signal.addEventListener('abort', close, { once: true })
  socket.on('message', (bytes, from) => {
    if (bytes.length <= MOST_BYTES) socket.send(bytes, from.port, from.address, () => undefined)
  })
  socket.on('error', () => {
    signal.removeEventListener('abort', close)
    socket.close()
    setTimeout(() => startEcho(address, port, signal), RETRY).unref()
  })
  socket.bind(port, address)
}
