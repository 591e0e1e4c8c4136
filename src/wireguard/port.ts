import { readFile } from 'node:fs/promises'
import { WeftError } from '../errors.ts'
import type { InterfaceName, Step } from './device.ts'
import { run } from './run.ts'

/**
 * Throws `port-taken` when an interface that these steps give another UDP port and bring up would find that used. A wireguard-go
 * binds only some time after its link went up, just logs that the port is taken, and is left without one: so this is looked at
 * before. The port that it has it keeps while its link is down.
 */
export async function mustFindPortFree(name: InterfaceName, steps: readonly Step[]): Promise<void> {
  const port = steps.find((step) => step.kind === 'set-port')?.listenPort
  if (port !== undefined && (await isBound(port))) throw taken(name)
}

/** The same once it is up, for a port that another program took in between: seen only where it has tried by then. */
export async function mustHavePort(name: InterfaceName): Promise<void> {
  const port = await run('wg', ['show', name, 'listen-port'])
  if (port.trim() === '0') throw taken(name)
}

/** Whether a socket of this network namespace, at any address, has the UDP port (proc_pid_net(5)). */
async function isBound(port: number): Promise<boolean> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')))
  return tables.some((table) => table.split('\n').some((line) => localAddressOf(line)?.endsWith(suffix)))
}

/** The second is not there on a machine without IPv6. */
const TABLES = ['/proc/self/net/udp', '/proc/self/net/udp6']

/** Of a line like `  12: 00000000:CA6C 00000000:0000 07 …`. */
function localAddressOf(line: string): string | undefined {
  return line.trim().split(/\s+/, 2)[1]
}

function taken(name: InterfaceName): WeftError {
  return new WeftError('port-taken', `The UDP port of ${name} is used by another program.`, {
    advice: 'Stop the other program, or take another port.',
  })
}
