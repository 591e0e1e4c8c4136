import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '../../src/keys/random.ts'
import { createKeyPair, type KeyPair } from '../../src/keys/wireguard.ts'
import type { Host } from '../../src/lab/host.ts'
import { INTERFACE_PREFIX } from '../../src/wireguard/name.ts'
import { uniqueId } from '../lab/leftovers.ts'

/** One end of a tunnel that is made by hand, with `wg` and `ip` alone. */
interface End {
  readonly host: Host
  readonly name: string
  readonly keys: KeyPair
  readonly port: number
  readonly address: string
  readonly mtu: number
}

interface Peer {
  readonly end: End
  readonly allowed: string
  /** Of an end that the other one has to reach first. */
  readonly endpoint?: string
}

const TRANSIT = 'fd99::/64'
/** Seconds: holes in translations stay open. */
const KEEPALIVE = '25'

/** Makes a tunnel whose first end sends to the public address of the second; gives the address of the second in it. */
export async function directTwin(one: Host, other: Host): Promise<string> {
  const a = end(one, 'da', { port: 51_101, address: '10.99.0.1', mtu: 1_420 })
  const b = end(other, 'db', { port: 51_101, address: '10.99.0.2', mtu: 1_420 })
  await raise(a, [{ end: b, allowed: `${b.address}/32`, endpoint: `${other.addresses[0]}:${b.port}` }])
  await raise(b, [{ end: a, allowed: `${a.address}/32` }])
  return b.address
}

/** Makes a tunnel inside two others that meet in a relay, which forwards what it has no keys for. */
export async function relayedTwin(one: Host, other: Host, relay: Host): Promise<string> {
  const outer = { port: 51_102, mtu: 1_420 }
  const middle = end(relay, 'tr', { ...outer, address: 'fd99::3' })
  const outers = [
    end(one, 'ta', { ...outer, address: 'fd99::1' }),
    end(other, 'tb', { ...outer, address: 'fd99::2' }),
  ]
  const endpoint = `${relay.addresses[0]}:${middle.port}`
  for (const each of outers) await raise(each, [{ end: middle, allowed: TRANSIT, endpoint }])
  const clients = outers.map((each) => ({ end: each, allowed: `${each.address}/128` }))
  await raise(middle, clients)
  const a = end(one, 'ra', { port: 51_103, address: '10.99.1.1', mtu: 1_340 })
  const b = end(other, 'rb', { port: 51_103, address: '10.99.1.2', mtu: 1_340 })
  await raise(a, [{ end: b, allowed: `${b.address}/32`, endpoint: `[fd99::2]:${b.port}` }])
  await raise(b, [{ end: a, allowed: `${a.address}/32`, endpoint: `[fd99::1]:${a.port}` }])
  return b.address
}

/** It looks like an interface of an agent, so that the agents of the lab do not take it for a cable. */
function end(host: Host, mark: string, more: Pick<End, 'port' | 'address' | 'mtu'>): End {
  const name = `${INTERFACE_PREFIX}${uniqueId().padStart(8, '0').slice(-8)}${mark}`
  return { host, name, keys: createKeyPair(systemRandom), ...more }
}

async function raise({ host, name, keys, port, address, mtu }: End, peers: readonly Peer[]): Promise<void> {
  const file = join(host.dir, `${name}.key`)
  writeFileSync(file, Buffer.from(keys.privateKey.expose()).toString('base64'), { mode: 0o600 })
  await host.exec('wireguard-go', [name])
  const listed = peers.flatMap(({ end: peer, allowed, endpoint }) => [
    ...['peer', peer.keys.publicKey, 'allowed-ips', allowed],
    ...(endpoint ? ['endpoint', endpoint, 'persistent-keepalive', KEEPALIVE] : []),
  ])
  await host.exec('wg', ['set', name, 'private-key', file, 'listen-port', String(port), ...listed])
  const [family, length] = address.includes(':') ? ['-6', 128] : ['-4', 32]
  await host.exec('ip', [family, 'address', 'add', `${address}/${length}`, 'dev', name])
  await host.exec('ip', ['link', 'set', name, 'mtu', String(mtu), 'up'])
  for (const { allowed } of peers) await host.exec('ip', [family, 'route', 'add', allowed, 'dev', name])
}
