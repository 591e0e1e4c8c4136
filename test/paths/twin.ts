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
  readonly addresses: readonly string[]
  readonly mtu: number
}

interface Peer {
  readonly end: End
  readonly allowed: string
  /** Of an end that the other one has to reach first. */
  readonly endpoint?: string
}

/** Of the two ends and of relays, in names of interfaces: no two in the whole lab may be the same. */
const MARKS = 'ab'
const RELAY_MARKS = 'rs'
/** Seconds: holes in translations stay open. */
const KEEPALIVE = '25'

/** Makes a tunnel whose first end sends to the public address of the second; gives the address of the second in it. */
export async function directTwin(one: Host, other: Host): Promise<string> {
  const target = '10.99.0.2'
  const a = end(one, 'da', { port: 51_101, addresses: ['10.99.0.1'], mtu: 1_420 })
  const b = end(other, 'db', { port: 51_101, addresses: [target], mtu: 1_420 })
  await raise(a, [{ end: b, allowed: `${target}/32`, endpoint: `${other.addresses[0]}:${b.port}` }])
  await raise(b, [{ end: a, allowed: '10.99.0.1/32' }])
  return target
}

/** A tunnel inside others that meet in relays; the first of these carries it. */
export interface RelayedTwin {
  /** Of the first end and of the second. */
  readonly addresses: readonly [string, string]
  /** Has relay number `to` carry it: both ends are given the address that the other one has there. */
  move(to: number): Promise<void>
}

/** Makes a tunnel inside others that meet in relays, which forward what they have no keys for. */
export async function relayedTwin(one: Host, other: Host, relays: readonly Host[]): Promise<RelayedTwin> {
  const outer = { port: 51_102, mtu: 1_420 }
  const middles = relays.map((relay, at) =>
    end(relay, `t${RELAY_MARKS[at]}`, { ...outer, addresses: [placeAt(at, 3)] }),
  )
  const outers = [one, other].map((host, at) =>
    end(host, `t${MARKS[at]}`, { ...outer, addresses: relays.map((_, relay) => placeAt(relay, at + 1)) }),
  )
  const ways = middles.map((middle, at) => ({
    end: middle,
    allowed: `fd99:${at + 1}::/64`,
    endpoint: `${middle.host.addresses[0]}:${middle.port}`,
  }))
  for (const each of outers) await raise(each, ways)
  for (const [at, middle] of middles.entries())
    await raise(
      middle,
      outers.map((each) => ({ end: each, allowed: `${each.addresses[at]}/128` })),
    )
  return innerTwin(one, other)
}

const INNER = ['10.99.1.1', '10.99.1.2'] as const

async function innerTwin(one: Host, other: Host): Promise<RelayedTwin> {
  const [a, b] = INNER.map((address, at) =>
    end(at === 0 ? one : other, `r${MARKS[at]}`, { port: 51_103, addresses: [address], mtu: 1_340 }),
  ) as [End, End]
  const endpointOf = (which: End, relay: number) => `[${placeAt(relay, which === a ? 1 : 2)}]:${which.port}`
  const pairs = [
    [a, b],
    [b, a],
  ] as const
  for (const [own, peer] of pairs)
    await raise(own, [{ end: peer, allowed: `${peer.addresses[0]}/32`, endpoint: endpointOf(peer, 0) }])
  const move = (to: number) => {
    const set = pairs.map(([{ host, name }, peer]) =>
      host.exec('wg', ['set', name, 'peer', peer.keys.publicKey, 'endpoint', endpointOf(peer, to)]),
    )
    return Promise.all(set).then(() => undefined)
  }
  return { addresses: INNER, move }
}

/** Where somebody is in the prefix of a relay. */
function placeAt(relay: number, who: number): string {
  return `fd99:${relay + 1}::${who}`
}

/** It looks like an interface of an agent, so that the agents of the lab do not take it for a cable. */
function end(host: Host, mark: string, more: Pick<End, 'port' | 'addresses' | 'mtu'>): End {
  const name = `${INTERFACE_PREFIX}${uniqueId().padStart(8, '0').slice(-8)}${mark}`
  return { host, name, keys: createKeyPair(systemRandom), ...more }
}

async function raise({ host, name, keys, port, addresses, mtu }: End, peers: readonly Peer[]): Promise<void> {
  const file = join(host.dir, `${name}.key`)
  writeFileSync(file, Buffer.from(keys.privateKey.expose()).toString('base64'), { mode: 0o600 })
  await host.exec('wireguard-go', [name])
  const listed = peers.flatMap(({ end: peer, allowed, endpoint }) => [
    ...['peer', peer.keys.publicKey, 'allowed-ips', allowed],
    ...(endpoint ? ['endpoint', endpoint, 'persistent-keepalive', KEEPALIVE] : []),
  ])
  await host.exec('wg', ['set', name, 'private-key', file, 'listen-port', String(port), ...listed])
  const [family, length] = addresses[0]?.includes(':') ? ['-6', 128] : ['-4', 32]
  for (const address of addresses)
    await host.exec('ip', [family, 'address', 'add', `${address}/${length}`, 'dev', name])
  await host.exec('ip', ['link', 'set', name, 'mtu', String(mtu), 'up'])
  for (const { allowed } of peers) await host.exec('ip', [family, 'route', 'add', allowed, 'dev', name])
}
