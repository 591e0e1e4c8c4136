import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { overlaps, parseAddress, parseCidr } from '../../src/address/cidr.ts'
import { WeftError } from '../../src/errors.ts'
import { desiredDevice } from '../../src/wireguard/blueprint.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import type { NetworkPlan, PlannedPeer } from '../../src/wireguard/plan.ts'
import { demoPlan, keyPair, peer, publicKey } from './fixture.ts'

const own = { ...keyPair(1), listenPort: 51_820 }

function refuses(plan: NetworkPlan, ...patterns: RegExp[]) {
  assert.throws(
    () => desiredDevice(plan, own),
    (error) => {
      assert.ok(error instanceof WeftError)
      assert.equal(error.code, 'invalid-input')
      for (const pattern of patterns) assert.match(error.message, pattern)
      return true
    },
  )
}

test('a plan becomes an interface with a route per range and a peer per peer', () => {
  const endpoint = parseEndpoint('192.0.2.2:51820')
  const desired = desiredDevice(demoPlan(1, [peer(2, { endpoint, keepalive: 25 }), peer(3)]), own)
  const { peers, ...rest } = desired
  assert.deepEqual(rest, {
    ...own,
    mtu: 1420,
    alias: 'weft demo',
    addresses: ['10.0.1.1/32', 'fd12:3456:789a:1::1/128'],
    routes: new Map([
      ['10.0.0.0/8', undefined],
      ['fd12:3456:789a::/48', undefined],
    ]),
  })
  assert.deepEqual(
    [...peers],
    [
      [publicKey(2), { ...peer(2), endpoint, keepalive: 25 }],
      [publicKey(3), { ...peer(3), endpoint: undefined }],
    ],
  )
})

test('allowed IPs come out sorted and without repeats, however they came in', () => {
  const allowedIps = ['fd12:3456:789a:2::/64', '10.0.2.0/24', '10.0.12.0/24', '10.0.2.0/24'].map((text) =>
    parseCidr(text),
  )
  const desired = desiredDevice(demoPlan(1, [peer(2, { allowedIps })]), own)
  assert.deepEqual(desired.peers.get(publicKey(2))?.allowedIps, [
    '10.0.12.0/24',
    '10.0.2.0/24',
    'fd12:3456:789a:2::/64',
  ])
})

test('the own key as a peer, and a peer twice, are refused', () => {
  refuses(demoPlan(1, [peer(2), peer(1)]), /own key/)
  refuses(demoPlan(1, [peer(2), peer(2)]), /twice/)
})

test('allowed IPs and own addresses outside the network are refused', () => {
  for (const text of ['192.168.0.0/24', '0.0.0.0/0', '8.0.0.0/7', 'fd12:3456:789b::/64', '::/0']) {
    refuses(demoPlan(1, [peer(2, { allowedIps: [parseCidr(text)] })]), /outside/)
  }
  refuses(
    { ...demoPlan(1, []), self: { addresses: [parseAddress('192.168.0.1')] } },
    /192\.168\.0\.1\/32 is outside/,
  )
})

test('allowed IPs that one peer would take from another are refused, with both peers named', () => {
  const wide = peer(3, { allowedIps: [parseCidr('10.0.0.0/16'), parseCidr('10.0.0.0/24')] })
  refuses(demoPlan(1, [peer(2), wide]), /10\.0\.0\.0\/16/, /10\.0\.2\.0\/24/, /overlap/)
  const same = peer(3, { allowedIps: peer(2).allowedIps })
  refuses(demoPlan(1, [peer(2), same]), /10\.0\.2\.0\/24.*10\.0\.2\.0\/24/)
})

test('one peer may have a range and a part of it', () => {
  const allowedIps = [parseCidr('10.8.0.0/16'), parseCidr('10.8.1.0/24'), parseCidr('10.8.1.1/32')]
  const desired = desiredDevice(demoPlan(1, [peer(2, { allowedIps })]), own)
  assert.deepEqual(desired.peers.get(publicKey(2))?.allowedIps, allowedIps)
})

test('a peer behind a narrower path than the interface gets routes of its own, others none', () => {
  const peers = [peer(2, { mtu: 1328 }), peer(3, { mtu: 1420 }), peer(4), peer(5, { mtu: 1500 })]
  const { routes } = desiredDevice(demoPlan(1, peers), own)
  assert.deepEqual(
    routes,
    new Map([
      ['10.0.0.0/8', undefined],
      ['fd12:3456:789a::/48', undefined],
      ['10.0.2.0/24', 1328],
      ['fd12:3456:789a:2::/64', 1328],
    ]),
  )
})

test('an MTU too small for IPv6, or not of whole bytes, is refused', () => {
  for (const mtu of [1279, 0, -1, 1300.5, Number.NaN]) {
    refuses(demoPlan(1, [peer(2, { mtu })]), /MTU/)
    refuses({ ...demoPlan(1, []), mtu }, /MTU/)
  }
})

test('a network may have several ranges and own addresses of one family, and none of the other', () => {
  const relays = ['fd12:3456:789a:1::', 'fd12:3456:789a:2::']
  const ranges = relays.map((prefix) => parseCidr(`${prefix}/64`))
  const addresses = relays.map((prefix) => parseAddress(`${prefix}9`))
  // The path to the second relay is narrow: its range is the one allowed IP that is routed.
  const peers = ranges.map((range, place) =>
    peer(place + 1, {
      publicKey: publicKey(place + 2),
      allowedIps: [range],
      ...(place === 1 && { mtu: 1328 }),
    }),
  )
  const desired = desiredDevice({ ...demoPlan(1, peers), ranges, self: { addresses } }, own)
  assert.deepEqual(desired.addresses, ['fd12:3456:789a:1::9/128', 'fd12:3456:789a:2::9/128'])
  assert.deepEqual(
    desired.routes,
    new Map([
      ['fd12:3456:789a:1::/64', undefined],
      ['fd12:3456:789a:2::/64', 1328],
    ]),
  )
})

test('a peer without allowed IPs is a peer', () => {
  const endpoint = parseEndpoint('192.0.2.9:51820')
  const witness = { publicKey: publicKey(9), allowedIps: [], endpoint, keepalive: 25, mtu: 1280 }
  const { peers, routes } = desiredDevice(demoPlan(1, [peer(2), witness]), own)
  const { mtu, ...wanted } = witness
  assert.deepEqual(peers.get(publicKey(9)), wanted)
  assert.equal(routes.size, 2)
})

/** Ranges that often overlap: few different bits, prefixes of many lengths. */
const range = fc.tuple(fc.nat(7), fc.integer({ min: 9, max: 16 })).map(([bits, length]) => {
  const value = (bits << 4) & (0xff << (16 - length)) & 0xff
  return parseCidr(`10.${value}.0.0/${length}`)
})

test('a plan is refused exactly when two peers have ranges that overlap', () => {
  const lists = fc.array(fc.array(range, { maxLength: 3 }), { maxLength: 5 })
  fc.assert(
    fc.property(lists, (allowed) => {
      const peers = allowed.map((allowedIps, index) => peer(index + 2, { allowedIps }))
      if (haveOverlap(peers)) refuses(demoPlan(1, peers), /overlap/)
      else assert.equal(desiredDevice(demoPlan(1, peers), own).peers.size, peers.length)
    }),
    { numRuns: 500 },
  )
})

/** Each with each: the slow twin. */
function haveOverlap(peers: readonly PlannedPeer[]): boolean {
  return peers.some((one, index) =>
    peers
      .slice(index + 1)
      .some((other) => one.allowedIps.some((a) => other.allowedIps.some((b) => overlaps(a, b)))),
  )
}
