import { readFileSync } from 'node:fs'
import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'

/** Takes TCP connections in both families, and says something on each every `every` ms, never asked and never answered. */
export async function startTalker(host: Host, port: number, every = 500): Promise<Daemon> {
  const script = `require('net').createServer((socket) => {
      let count = 0
      const timer = setInterval(() => socket.write('tick ' + ++count + '\\n'), ${every})
      socket.on('error', () => undefined).on('close', () => clearInterval(timer))
    }).listen(${port}, '::', () => console.log('listening'))`
  const daemon = await host.start(`talker-${port}`, [process.execPath, '-e', script])
  await daemon.waitFor(/^listening$/m, 10_000)
  return daemon
}

/** Opens a connection and writes down what comes. */
export async function startListener(host: Host, address: string, port: number): Promise<Daemon> {
  const script = `require('net').connect(${port}, '${address}', () => console.log('open'))
    .on('data', (data) => process.stdout.write(data)).on('error', (error) => console.log('error', error.code))`
  const name = `listener-${address.replaceAll(':', '_')}-${port}`
  const daemon = await host.start(name, [process.execPath, '-e', script])
  await daemon.waitFor(/^open$/m, 10_000)
  return daemon
}

/** How many times the other end of a connection has spoken. */
export function ticksOf({ stdout }: Daemon): number {
  return [...readFileSync(stdout, 'utf8').matchAll(/^tick \d+$/gm)].length
}

/** Whether a connection can be opened within `limit` ms. */
export async function canOpen(from: Host, address: string, port: number, limit = 1_500): Promise<boolean> {
  const script = `const socket = require('net').connect(${port}, '${address}', () => end('open'))
    const end = (word) => { console.log(word); process.exit(0) }
    socket.on('error', () => end('shut'))
    setTimeout(() => end('shut'), ${limit})`
  return (await from.exec(process.execPath, ['-e', script], limit + 10_000)).includes('open')
}
