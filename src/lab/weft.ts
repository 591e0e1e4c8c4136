import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Daemon } from './daemon.ts'
import type { Host } from './host.ts'

/** A controller that serves on the underlay and on a Unix socket, which all namespaces reach through the file system. */
export interface LabController {
  readonly daemon: Daemon
  /** Path of the socket. */
  readonly socket: string
  /** SHA-256 of its certificate, as URLs carry it. */
  readonly fingerprint: string
  /** Told at the first start only. */
  readonly adminToken: string | undefined
}

const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const PORT = 7443
/** Alone a controller starts within a second; on two busy cores it may take many times longer. */
const START_MS = 30_000

/** Starts a controller on a host, and waits until it serves. Its data stay in the host's folder for the next start. */
export async function startController(host: Host): Promise<LabController> {
  const data = join(host.dir, 'data')
  const socket = join(host.dir, 'controller.sock')
  const isFirst = !existsSync(data)
  const underlay = host.namespace ? host.addresses.map(toPlace) : []
  // Agents join as real machines do, over the underlay; the socket is for those who have no part in it.
  const urls = host.namespace ? underlay.map((place) => `https://${place}`) : [`unix:${socket}`]
  const daemon = await startWeft(host, 'controller', [
    ...['--data-dir', data],
    ...[`unix:${socket}`, ...underlay].flatMap((place) => ['--listen', place]),
    ...urls.flatMap((url) => ['--public-urls', url]),
  ])
  const [, fingerprint = ''] = await daemon.waitFor(/^url: unix:.*#(\S+)\n/m, START_MS)
  const token = isFirst ? await daemon.waitFor(/^admin token: (\S+)\n/m, START_MS) : undefined
  return { daemon, socket, fingerprint, adminToken: token?.[1] }
}

/**
 * Starts an agent on a host, named as the host. Its state stays in the host's folder: only the first start needs a join
 * token. Does not wait until it has joined.
 */
export function startAgent(
  host: Host,
  { device, token }: { readonly device: 'auto' | 'memory'; readonly token?: string },
): Promise<Daemon> {
  const args = ['--state-dir', join(host.dir, 'state'), '--name', host.name, '--device', device]
  return startWeft(host, 'agent', args, token === undefined ? {} : { WEFT_JOIN: token })
}

function startWeft(
  host: Host,
  command: 'controller' | 'agent',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  return host.start(command, [process.execPath, MAIN, command, ...args], env)
}

function toPlace(address: string): string {
  return address.includes(':') ? `[${address}]:${PORT}` : `${address}:${PORT}`
}
