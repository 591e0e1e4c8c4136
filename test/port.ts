import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port below those that the kernel gives to connections, kept from other tests, too, while its server is away. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = 12_000 + Math.floor(Math.random() * 18_000)
    if ((await reserve(port)) && (await isFree(port))) return port
  }
  throw new Error('no port is free')
}

/** Holds the UDP port of the same number until this process ends, which no other process that asks here can then have. */
async function reserve(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref()
  const bound = once(socket, 'listening')
  socket.bind({ port, address: '127.0.0.1', exclusive: true })
  return bound.then(
    () => true,
    () => false,
  )
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  const isListening = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  })
  if (isListening) await new Promise((resolve) => probe.close(resolve))
  return isListening
}
