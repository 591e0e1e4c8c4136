import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseAddress } from '../../src/address/cidr.ts'
import { candidates, type PathContext } from '../../src/topology/candidates.ts'
import { reachOf } from '../../src/topology/distil.ts'
import { endpointFamily, socketOf } from '../../src/topology/endpoint.ts'
import { type LanPlace, lanEndpoints, lanPlacesOf } from '../../src/topology/lan.ts'
import { observedPath } from '../../src/topology/observed.ts'
import type { Candidates, PathKind, Reach, RelayView } from '../../src/topology/reach.ts'
import { scopeOf } from '../../src/topology/scope.ts'
import { slotsOf } from '../../src/topology/transit.ts'
import { shareLan, twinKinds } from './twin.ts'
import { factsOf, nodeId, overlays, transitPrefix, type World, type WorldHost, worlds } from './world.ts'

/** A host as the engine sees it. */
interface Seen {
  readonly host: WorldHost
  readonly reach: Reach
  readonly places: readonly LanPlace[]
}

function see(world: World, host: WorldHost): Seen {
  const facts = factsOf(world, host)
  return { host, reach: reachOf(facts, overlays), places: lanPlacesOf(facts, overlays) }
}

function waysBetween({ relays }: World, own: Seen, other: Seen): Candidates {
  const lan = lanEndpoints(own.places, other.places)
  return candidates(own.reach, other.reach, { lan, relays, transitPrefix })
}

function kindsOf({ taken }: Candidates): readonly PathKind[] {
  return [...new Set(taken.map(({ kind }) => kind))]
}

/** Calls `check` for every ordered pair of 1,000 worlds, some 20 each. */
function forPairs(check: (world: World, a: Seen, b: Seen) => void): void {
  fc.assert(
    fc.property(worlds, (world) => {
      const hosts = world.hosts.map((host) => see(world, host))
      for (const a of hosts) for (const b of hosts) if (a !== b) check(world, a, b)
    }),
    { numRuns: 1_000 },
  )
}

describe('candidates in any world', () => {
  it('are the kinds that the design promises, best first', () =>
    forPairs((world, a, b) =>
      assert.deepEqual(kindsOf(waysBetween(world, a, b)), twinKinds(world, a.host, b.host)),
    ))

  it('are of the same kinds at both ends, by the same relays and with the same MTU where that is relayed', () =>
    forPairs((world, a, b) => {
      const [forth, back] = [waysBetween(world, a, b), waysBetween(world, b, a)]
      assert.deepEqual(kindsOf(forth), kindsOf(back))
      const relayed = (ways: Candidates) => ways.taken.filter(({ kind }) => kind === 'relayed')
      const bare = (ways: Candidates) => relayed(ways).map(({ via, mtu }) => ({ via, mtu }))
      assert.deepEqual(bare(forth), bare(back))
    }))

  it('leave nobody waiting for one who waits too', () =>
    forPairs((world, a, b) => {
      for (const kind of twinKinds(world, a.host, b.host)) {
        const sends = [waysBetween(world, a, b), waysBetween(world, b, a)].flatMap(({ taken }) =>
          taken.filter((way) => way.kind === kind && way.endpoint !== undefined),
        )
        assert.notEqual(sends.length, 0, kind)
      }
    }))

  it('say something of every kind but the first', () =>
    forPairs((world, a, b) => {
      const { taken, rejected } = waysBetween(world, a, b)
      const told = [...rejected.map(({ kind }) => kind), ...taken.slice(0, 1).map(({ kind }) => kind)]
      assert.deepEqual(told.toSorted(), ['direct', 'lan', 'punched', 'relayed'])
      for (const { reason } of rejected) assert.match(reason, /^[A-Z0-9a-z].{10,}\.$/)
    }))

  it('never hold a private endpoint of one outside the LAN, nor one inside an overlay but the transit', () =>
    forPairs((world, a, b) => {
      for (const { kind, endpoint } of waysBetween(world, a, b).taken) {
        const address = endpoint && socketOf(endpoint)?.address
        if (!address) continue
        if (kind === 'relayed') assert.ok(slotsOf(transitPrefix, address))
        else if (scopeOf(address) === 'private') assert.ok(kind === 'lan' && shareLan(world, a.host, b.host))
        assert.doesNotMatch(address, /^(10\.77|172\.17|127|169\.254|fe80|::1$)/)
      }
    }))

  it('use no relay that is down, and none of the two itself', () =>
    forPairs((world, a, b) => {
      for (const { via } of waysBetween(world, a, b).taken) {
        if (via === undefined) continue
        assert.ok(world.relays.find(({ node }) => node === via)?.alive)
        assert.ok(via !== a.host.id && via !== b.host.id)
      }
    }))

  it('are sent to only in families that the sender has, and kept open only from behind a translation', () =>
    forPairs((world, a, b) => {
      const own = a.reach
      for (const { kind, endpoint, keepalive } of waysBetween(world, a, b).taken) {
        if (endpoint && kind !== 'relayed') assert.ok(own.families.includes(endpointFamily(endpoint)))
        if (keepalive > 0)
          assert.ok(kind === 'punched' || (kind === 'direct' && own.direct.length < own.families.length))
      }
    }))

  it('are recognised when an agent observes them', () =>
    forPairs((world, a, b) => {
      for (const { kind, endpoint, via } of waysBetween(world, a, b).taken) {
        if (endpoint === undefined) continue
        assert.deepEqual(observedPath(endpoint, a.reach, b.reach, { relays: world.relays, transitPrefix }), {
          kind,
          via,
        })
      }
    }))

  it('do not depend on the order of facts, witnesses or relays', () =>
    forPairs((world, a, b) => {
      const turned = { ...world, relays: world.relays.toReversed() }
      const ways = waysBetween(turned, upsideDown(world, a), upsideDown(world, b))
      // Byte for byte; and a deep comparison of so many worlds would take a minute.
      assert.equal(JSON.stringify(ways), JSON.stringify(waysBetween(world, a, b)))
    }))
})

function upsideDown(world: World, { host }: Seen): Seen {
  const facts = factsOf(world, host)
  const [addresses, witnessed] = [facts.addresses.toReversed(), facts.witnessed.toReversed()]
  const turned = { ...facts, addresses, witnessed }
  return { host, reach: reachOf(turned, overlays.toReversed()), places: lanPlacesOf(turned, overlays) }
}

/** A node of whom all is known that a test does not say otherwise. */
function reach(number: number, fields: Partial<Reach>): Reach {
  return {
    node: nodeId(number),
    families: [4],
    direct: [],
    outside: undefined,
    nat: 'unknown',
    transit: { slot: number, port: 51_820 },
    mtu: 1_500,
    ...fields,
  }
}

function endpoint(text: string) {
  const at = socketOf(text)
  assert.ok(at)
  return text as NonNullable<Reach['outside']>
}

const lonely: PathContext = { lan: [], relays: [], transitPrefix: undefined }
const open4 = reach(1, { direct: [endpoint('192.0.2.1:51820')], nat: 'open' })
const cone = reach(2, { outside: endpoint('198.51.100.2:51820'), nat: 'cone' })
const symmetric = reach(3, { nat: 'symmetric' })
const only6 = reach(4, { families: [6], direct: [endpoint('[2001:db8::4]:51820')] })

function relay(number: number, { rtt = 5, alive = true }: { rtt?: number; alive?: boolean } = {}): RelayView {
  return { node: nodeId(number), slot: number, alive, rtt }
}

describe('candidates', () => {
  it('lets the one behind a translation begin and keep the way open', () => {
    assert.deepEqual(candidates(cone, open4, lonely).taken, [
      { kind: 'direct', endpoint: '192.0.2.1:51820', via: undefined, keepalive: 25, mtu: 1_420 },
    ])
    assert.deepEqual(candidates(open4, cone, lonely).taken, [
      { kind: 'direct', endpoint: '198.51.100.2:51820', via: undefined, keepalive: 0, mtu: 1_420 },
    ])
    assert.deepEqual(candidates(open4, symmetric, lonely).taken, [
      { kind: 'direct', endpoint: undefined, via: undefined, keepalive: 0, mtu: 1_420 },
    ])
  })

  it('takes IPv4 before IPv6, each with its own MTU', () => {
    const both = reach(5, {
      families: [4, 6],
      direct: [endpoint('192.0.2.5:1'), endpoint('[2001:db8::5]:1')],
      mtu: 1_492,
    })
    const taken = candidates(both, { ...both, node: nodeId(6) }, lonely).taken
    assert.deepEqual(
      taken.map((way) => [way.endpoint, way.mtu]),
      [
        ['192.0.2.5:1', 1_420],
        ['[2001:db8::5]:1', 1_408],
      ],
    )
  })

  it('says why two nodes of different families cannot meet', () => {
    const names = new Map([
      [open4.node, 'alpha'],
      [only6.node, 'beta'],
    ])
    const nameOf = (node: Reach['node']) => names.get(node) ?? node
    const { taken, rejected } = candidates(open4, only6, { ...lonely, nameOf })
    assert.deepEqual(taken, [])
    assert.deepEqual(rejected, [
      {
        kind: 'lan',
        reason:
          'alpha and beta are not known to share a LAN, which takes one outside address or site label, and one private subnet.',
      },
      {
        kind: 'direct',
        reason:
          'alpha is reachable over IPv4, which beta has not, and beta is reachable over IPv6, which alpha has not.',
      },
      {
        kind: 'punched',
        reason:
          'alpha has an IPv4 address of its own and no hole to punch, and beta has no IPv4, and holes are punched in IPv4 only.',
      },
      { kind: 'relayed', reason: 'No node has the role of a relay.' },
    ])
  })

  it('names the translation that keeps two from punching', () => {
    const { rejected } = candidates(cone, symmetric, lonely)
    const reason = rejected.find(({ kind }) => kind === 'punched')?.reason
    assert.equal(
      reason,
      'The address translation before the other node uses another port for every destination.',
    )
  })

  it('tries to punch on the word of one witness only where there is one relay', () => {
    const hearsay = reach(7, { outside: endpoint('198.51.100.7:7') })
    const with1 = { lan: [], relays: [relay(8)], transitPrefix }
    assert.deepEqual(kindsOf(candidates(cone, hearsay, with1)), ['punched', 'relayed'])
    const with2 = { ...with1, relays: [relay(8), relay(9)] }
    assert.deepEqual(kindsOf(candidates(cone, hearsay, with2)), ['relayed'])
  })

  it('goes through a relay at its address there, near ones first, never through dead ones', () => {
    const unmeasured = { ...relay(14), rtt: undefined }
    const relays = [relay(11, { rtt: 190 }), relay(12, { alive: false }), relay(13, { rtt: 30 }), unmeasured]
    const { taken } = candidates(cone, symmetric, { lan: [], relays, transitPrefix })
    assert.deepEqual(
      taken.map(({ endpoint: at, mtu }) => [at, mtu]),
      [
        ['[fd77:ef7:1:d::3]:51820', 1_328],
        ['[fd77:ef7:1:b::3]:51820', 1_328],
        ['[fd77:ef7:1:e::3]:51820', 1_328],
      ],
    )
  })

  it('says that all relays are down', () => {
    const { rejected } = candidates(cone, symmetric, {
      lan: [],
      relays: [relay(11, { alive: false })],
      transitPrefix,
    })
    assert.match(rejected.at(-1)?.reason ?? '', /does not answer, and no other relay is left/)
  })

  it('orders near relays the same for every noise of their round trips, and spreads pairs over them', () => {
    const firsts = new Map<string | undefined, number>()
    for (let pair = 0; pair < 2_000; pair++) {
      const [a, b] = [reach(100 + pair, {}), reach(5_000 + pair, {})]
      const at = (noise: number) => [
        relay(11, { rtt: 3 + noise }),
        relay(12, { rtt: 5 - noise }),
        relay(13, { rtt: 9.9 - noise }),
      ]
      const ways = (noise: number) => candidates(a, b, { lan: [], relays: at(noise), transitPrefix }).taken
      assert.deepEqual(
        ways(0).map(({ via }) => via),
        ways(2.5).map(({ via }) => via),
      )
      firsts.set(ways(0)[0]?.via, (firsts.get(ways(0)[0]?.via) ?? 0) + 1)
    }
    for (const share of firsts.values())
      assert.ok(share > 580 && share < 760, `${share} of 2,000 on one of three`)
  })

  it('keeps every MTU within what IPv6 and the interface allow', () => {
    const mtus = (underlay: number) =>
      candidates(
        { ...cone, mtu: underlay },
        { ...cone, node: nodeId(9) },
        { lan: [], relays: [relay(8)], transitPrefix },
      ).taken.map(({ mtu }) => mtu)
    assert.deepEqual(mtus(1_280), [1_280, 1_280])
    assert.deepEqual(mtus(1_420), [1_360, 1_280])
    assert.deepEqual(mtus(1_492), [1_420, 1_328])
    assert.deepEqual(mtus(9_000), [1_420, 1_328])
  })
})

describe('observedPath', () => {
  const around = { relays: [relay(11)], transitPrefix }

  it('knows a relay by the address in the transit', () => {
    assert.deepEqual(observedPath('[fd77:ef7:1:b::3]:51820', cone, symmetric, around), {
      kind: 'relayed',
      via: nodeId(11),
    })
    assert.deepEqual(observedPath('[fd77:ef7:1:c::3]:51820', cone, symmetric, around), {
      kind: 'relayed',
      via: undefined,
    })
  })

  it('calls a port that nobody knew direct where the other could come to us, punched where it could not', () => {
    assert.equal(observedPath('198.51.100.3:40000', open4, symmetric, around).kind, 'direct')
    assert.equal(observedPath('198.51.100.2:40000', symmetric, cone, around).kind, 'punched')
    assert.equal(observedPath('192.0.2.1:40000', symmetric, open4, around).kind, 'direct')
  })

  it('calls an endpoint of a LAN so, and nonsense none', () => {
    assert.equal(observedPath('192.168.1.7:51820', cone, symmetric, around).kind, 'lan')
    for (const text of [undefined, '', 'example.org:1', '192.0.2.1:0', '192.0.2.1:65536', '[::1'])
      assert.deepEqual(observedPath(text, cone, symmetric, around), { kind: 'none', via: undefined })
    assert.equal(observedPath(`${parseAddress('10.0.0.1')}:9`, cone, symmetric, around).kind, 'lan')
  })
})
