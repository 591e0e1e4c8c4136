import { createSocket } from 'node:dgram'
import type { Address } from '../address/cidr.ts'
import { DISCARD_PORT } from '../wireguard/filter-ruleset.ts'

/** Sent at once, so that the buffer of the socket holds them. */
const BATCH = 64

/**
 * Sends one byte to overlay addresses. WireGuard is silent until there is a packet to carry; this one makes it shake
 * hands, so that a new link shows whether it works. Failures do not matter: no route yet, no link yet.
 */
export async function knock(addresses: readonly Address[]): Promise<void> {
  if (addresses.length === 0) return
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  const send = (address: Address) =>
    new Promise<void>((resolve) => socket.send(new Uint8Array(1), DISCARD_PORT, address, () => resolve()))
  for (let at = 0; at < addresses.length; at += BATCH)
    await Promise.all(addresses.slice(at, at + BATCH).map(send))
  socket.close()
}
