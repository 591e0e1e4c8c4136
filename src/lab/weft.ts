import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Daemon } from './daemon.ts'
import type { Host } from './host.ts'
import { programFile } from './program.ts'

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

const PORT = 7443
const REDIS_PORT = 6379
/** Alone a controller starts within a second; on two busy cores it may take many times longer. */
const START_MS = 30_000

/** Starts a controller on a host, and waits until it serves. Its data stay in the host's folder for the next start. */
export async function startController(host: Host): Promise<LabController> {
  return startReplica(host, { number: 1, urls: urlsOf(host, 1), flags: [] })
}

/**
 * Starts a Redis server and controllers that share a log on it, all on one host; the first of them is the one that is given.
 * Agents learn the URLs of all.
 */
export async function startReplicas(
  host: Host,
  count: number,
): Promise<readonly [LabController, ...LabController[]]> {
  const flags = [
    ...['--store', 'redis', '--redis-urls', await startRedis(host)],
    ...['--wrapping-key-file', join(host.dir, 'wrapping.key')],
  ]
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const urls = numbers.flatMap((number) => urlsOf(host, number))
  const first = await startReplica(host, { number: 1, urls, flags })
  const others = numbers.slice(1).map((number) => startReplica(host, { number, urls, flags }))
  return [first, ...(await Promise.all(others))]
}

interface ReplicaPlan {
  /** From 1. */
  readonly number: number
  /** Of all replicas. */
  readonly urls: readonly string[]
  readonly flags: readonly string[]
}

async function startReplica(host: Host, { number, urls, flags }: ReplicaPlan): Promise<LabController> {
  const suffix = number === 1 ? '' : `-${number}`
  const data = join(host.dir, `data${suffix}`)
  const socket = socketOf(host, number)
  const isFirst = number === 1 && !existsSync(data)
  const daemon = await startWeft(
    host,
    'controller',
    [
      ...['--data-dir', data],
      ...[`unix:${socket}`, ...placesOf(host, number)].flatMap((place) => ['--listen', place]),
      ...urls.flatMap((url) => ['--public-urls', url]),
      ...flags,
    ],
    { name: `controller${suffix}` },
  )
  const [, fingerprint = ''] = await daemon.waitFor(/^url: unix:.*#(\S+)\n/m, START_MS)
  const token = isFirst ? await daemon.waitFor(/^admin token: (\S+)\n/m, START_MS) : undefined
  return { daemon, socket, fingerprint, adminToken: token?.[1] }
}

/** A server as `strict` wants it, with its data in the host's folder. Resolves with its URL when it answers. */
async function startRedis(host: Host): Promise<string> {
  const data = join(host.dir, 'redis')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const [address = '127.0.0.1'] = host.namespace ? host.addresses : []
  const port = host.namespace ? REDIS_PORT : await freePort()
  const settings = {
    ...{ bind: address, port: String(port), dir: data, 'protected-mode': 'no' },
    ...{ appendonly: 'yes', appendfsync: 'always', save: '' },
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const daemon = await host.start('redis', ['redis-server', ...args])
  await daemon.waitFor(/Ready to accept connections/, START_MS)
  return `redis://${address}:${port}`
}

/** A port of this machine that nothing listens on. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address ? address.port : REDIS_PORT
}

/** Agents join as real machines do, over the underlay; the socket is for those who have no part in it. */
function urlsOf(host: Host, number: number): string[] {
  if (!host.namespace) return [`unix:${socketOf(host, number)}`]
  return placesOf(host, number).map((place) => `https://${place}`)
}

function socketOf(host: Host, number: number): string {
  return join(host.dir, number === 1 ? 'controller.sock' : `controller-${number}.sock`)
}

function placesOf(host: Host, number: number): string[] {
  return host.namespace ? host.addresses.map((address) => toPlace(address, PORT + number - 1)) : []
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
  return startWeft(host, 'agent', args, token === undefined ? {} : { env: { WEFT_JOIN: token } })
}

function startWeft(
  host: Host,
  command: 'controller' | 'agent',
  args: readonly string[],
  {
    env = {},
    name = command,
  }: { readonly env?: Readonly<Record<string, string>>; readonly name?: string } = {},
): Promise<Daemon> {
  return host.start(name, [process.execPath, ...process.execArgv, programFile(), command, ...args], env)
}

function toPlace(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
