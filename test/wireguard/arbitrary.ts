import fc from 'fast-check'
import { parseCidr } from '../../src/address/cidr.ts'
import type { DesiredDevice, ObservedDevice, ObservedPeer } from '../../src/wireguard/device.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import { parseInterface } from '../../src/wireguard/interface.ts'
import { keyPair, publicKey } from './fixture.ts'

/** The present of all generated values, in milliseconds; handshakes are before it. */
export const NOW = 1_700_000_000_000
/** Seconds since a handshake, on both sides of the life of a session. */
const AGES = [0, 179, 181, 1_000]

/** Few of everything, so that what is and what has to be often meet. */
const KEYS = [11, 12, 13, 14, 15].map(publicKey)
const RANGES = [
  '10.1.2.0/24',
  '10.1.20.0/24',
  '10.1.3.0/24',
  '10.1.4.0/24',
  'fd12:0:0:2::/64',
  'fd12:0:0:3::/64',
]
const ROUTES = ['10.1.0.0/16', '10.7.0.0/16', 'fd12::/48', 'fd12:0:0:2::/64'].map((text) => parseCidr(text))
const ENDPOINTS = ['192.0.2.1:1', '192.0.2.2:2', '[2001:db8::1]:3'].map(parseEndpoint)
/** `ip` is what makes such values; 10.1.1.1/24 and the pair are by somebody's hand. */
const ADDRESSES = printedAddresses(
  { family: 'inet', local: '10.1.1.1', prefixlen: 32 },
  { family: 'inet', local: '10.1.1.1', prefixlen: 24 },
  { family: 'inet', local: '10.9.0.1', address: '10.9.0.2', prefixlen: 32 },
  { family: 'inet6', local: 'fd12::1', prefixlen: 128 },
)

/** Each range has one owner or none: allowed IPs are disjoint, in a plan by its rules and in WireGuard by its table. */
const owners = fc.array(fc.constantFrom(undefined, ...KEYS), {
  minLength: RANGES.length,
  maxLength: RANGES.length,
})

const onePeer = fc.record({
  endpoint: fc.option(fc.constantFrom(...ENDPOINTS), { nil: undefined }),
  keepalive: fc.constantFrom(0, 25),
  latestHandshake: fc.constantFrom(0, ...AGES.map((age) => NOW / 1000 - age)),
  hasPresharedKey: fc.boolean(),
})

const somePeers: fc.Arbitrary<readonly ObservedPeer[]> = fc
  .tuple(fc.subarray(KEYS), owners, fc.array(onePeer, { minLength: KEYS.length, maxLength: KEYS.length }))
  .map(([keys, owners, peers]) =>
    peers.slice(0, keys.length).map((peer, index) => ({
      ...peer,
      publicKey: keys[index] ?? publicKey(0),
      allowedIps: RANGES.filter((_, place) => owners[place] === keys[index])
        .map((text) => parseCidr(text))
        .sort(),
      rxBytes: 0,
      txBytes: 0,
    })),
  )

const someRoutes = fc
  .tuple(
    fc.subarray(ROUTES),
    fc.array(fc.constantFrom(undefined, 1340, 1280), { minLength: 4, maxLength: 4 }),
  )
  .map(([ranges, mtus]) => new Map(ranges.map((range, index) => [range, mtus[index]])))

const shape = {
  mtu: fc.constantFrom(1420, 1340),
  alias: fc.constantFrom('weft demo', 'weft other'),
  addresses: fc.subarray([...ADDRESSES]),
  routes: someRoutes,
  peers: somePeers,
}

/** Any interface that may be found. */
export const observedDevices: fc.Arbitrary<ObservedDevice> = fc
  .record({
    ...shape,
    publicKey: fc.constantFrom(undefined, publicKey(1), publicKey(2)),
    listenPort: fc.constantFrom(0, 51_820, 51_821),
    up: fc.boolean(),
  })
  .map(({ routes, peers, ...device }) => ({
    ...device,
    // The kernel drops all routes of an interface that goes down.
    routes: device.up ? routes : new Map(),
    peers: new Map(peers.map((peer) => [peer.publicKey, peer])),
  }))

/** Any interface that a plan may ask for. */
export const desiredDevices: fc.Arbitrary<DesiredDevice> = fc
  .record({ ...shape, own: fc.constantFrom(1, 2), listenPort: fc.constantFrom(51_820, 51_821) })
  .map(({ own, peers, ...device }) => ({
    ...device,
    ...keyPair(own),
    peers: new Map(
      peers.map(({ publicKey, endpoint, allowedIps, keepalive }) => [
        publicKey,
        { publicKey, endpoint, allowedIps, keepalive },
      ]),
    ),
  }))

function printedAddresses(...infos: object[]) {
  const link = {
    ifname: 'wfxa',
    mtu: 1420,
    flags: [],
    addr_info: infos.map((info) => ({ scope: 'global', ...info })),
  }
  return parseInterface(`${JSON.stringify([link])}\n[]`).addresses
}
