import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Cidr, parseCidr } from '../../src/address/cidr.ts'
import type { PublicKey } from '../../src/keys/wireguard.ts'
import { Blueprint, desiredDevice } from '../../src/wireguard/blueprint.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import type { PeerNews, PlannedPeer } from '../../src/wireguard/plan.ts'
import { demoPlan, keyPair, peer, publicKey } from './fixture.ts'

const own = { ...keyPair(1), listenPort: 51_820 }

/** Ranges that overlap now and then, one that is a range of the network itself among them. */
const RANGES: readonly Cidr[] = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '10.1.2.3/32',
  '10.2.0.0/16',
].map((text) => parseCidr(text))
const aPeer = fc.record({
  number: fc.integer({ min: 2, max: 6 }),
  allowedIps: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.subarray([...RANGES], { maxLength: 2 }) },
  ),
  endpoint: fc.option(fc.constantFrom('192.0.2.1:1', '192.0.2.2:2'), { nil: undefined }),
  mtu: fc.constantFrom(undefined, 1_328, 1_420),
  isGone: fc.boolean(),
})
const someNews = fc.array(fc.array(aPeer, { maxLength: 3 }), { maxLength: 6 })

test('a blueprint that took news is that of the whole plan, and refuses what the whole plan is refused for', () => {
  fc.assert(
    fc.property(someNews, (rounds) => {
      const peers = new Map<PublicKey, PlannedPeer>()
      const blueprint = new Blueprint(demoPlan(1, []), own)
      for (const round of rounds) {
        const news = newsOf(round)
        for (const [key, planned] of news) {
          if (planned) peers.set(key, planned)
          else peers.delete(key)
        }
        const whole = outcome(() => desiredDevice(demoPlan(1, [...peers.values()]), own))
        const kept = outcome(() => blueprint.take(news) && blueprint.device)
        assert.deepEqual(kept, whole)
        if (whole === 'refused') return
      }
    }),
    { numRuns: 300 },
  )
})

test('what was touched is told as it was before', () => {
  const blueprint = new Blueprint(demoPlan(1, [peer(2, { mtu: 1_328 }), peer(3)]), own)
  const { before, routes } = blueprint.take(
    new Map([
      [publicKey(2), undefined],
      [publicKey(4), peer(4, { mtu: 1_340 })],
    ]),
  )
  assert.deepEqual([...before.keys()], [publicKey(2), publicKey(4)])
  assert.deepEqual(before.get(publicKey(2))?.allowedIps, peer(2).allowedIps)
  assert.equal(before.get(publicKey(4)), undefined)
  assert.deepEqual(new Set(routes), new Set([...peer(2).allowedIps, ...peer(4).allowedIps]))
})

function newsOf(round: readonly (typeof aPeer extends fc.Arbitrary<infer One> ? One : never)[]): PeerNews {
  return new Map(
    round.map(({ number, allowedIps, endpoint, mtu, isGone }) => {
      const planned = peer(number, {
        ...(allowedIps && { allowedIps }),
        ...(endpoint && { endpoint: parseEndpoint(endpoint) }),
        mtu,
      })
      return [publicKey(number), isGone ? undefined : planned]
    }),
  )
}

/** Peers in no order: what comes later stands behind. */
function outcome(act: () => ReturnType<typeof desiredDevice>) {
  try {
    const { peers, routes, ...rest } = act()
    return { ...rest, peers: Object.fromEntries(peers), routes: Object.fromEntries(routes) }
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'invalid-input')
    return 'refused'
  }
}
