import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'

/** The first UDP port that agents try. */
export const USUAL_PORT = 51_820

/** A program that has the usual port of a host, in one family. */
export async function takePort(host: Host, type: 'udp4' | 'udp6'): Promise<Daemon> {
  const script = `
    const socket = require('node:dgram').createSocket({ type: '${type}', ipv6Only: ${type === 'udp6'} })
    socket.bind(${USUAL_PORT}, () => console.log('bound'))`
  const taker = await host.start('taker', [process.execPath, '-e', script])
  await taker.waitFor(/bound/, 10_000)
  return taker
}
