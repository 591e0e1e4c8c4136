import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../../src/keys/identity.ts'
import type { Peering } from '../../src/topology/peerlists.ts'
import { type Moves, PeerIndex } from '../../src/topology/peers.ts'
import type { Place, Shape } from '../../src/topology/standing.ts'
import { twinPeers, twinRoute } from './twin.ts'
import { memberships, nodeId, places } from './world.ts'

const SHAPES: readonly Shape[] = ['mesh', 'hub', 'sites', 'transit']
const RUNS = { numRuns: 2_000 }
const anyShape = fc.constantFrom(...SHAPES)
const unnamed = (node: NodeId) => node

/** Peer lists as maps, to compare and to change. */
type Lists = Map<NodeId, Map<NodeId, Set<NodeId>>>

function listsOf(index: PeerIndex, members: Iterable<Place>): Lists {
  return new Map([...members].map(({ node }) => [node, toMap(index.peersOf(node))]))
}

function toMap(peers: readonly Peering[]): Map<NodeId, Set<NodeId>> {
  return new Map(peers.map(({ node, carries }) => [node, new Set(carries)]))
}

describe('the peers of every member, in networks of any shape', () => {
  it('are those of the slow twin, sorted, each prefix with one owner', () =>
    fc.assert(
      fc.property(anyShape, memberships, (shape, members) => {
        const index = new PeerIndex(shape, members)
        for (const [viewer, expected] of twinPeers(shape, members)) {
          const peers = index.peersOf(viewer)
          assert.deepEqual(new Map(peers.map(({ node, carries }) => [node, carries])), expected)
          assert.deepEqual(
            peers,
            peers.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
          )
          const carried = peers.flatMap(({ carries }) => carries)
          assert.equal(new Set(carried).size, carried.length)
        }
      }),
      RUNS,
    ))

  it('list each other or neither does, and each owns itself', () =>
    fc.assert(
      fc.property(anyShape, memberships, (shape, members) => {
        const lists = listsOf(new PeerIndex(shape, members), members)
        for (const [viewer, peers] of lists) {
          for (const [node, carries] of peers) {
            assert.ok(lists.get(node)?.has(viewer))
            assert.ok(carries.has(node) && !carries.has(viewer))
          }
        }
      }),
      RUNS,
    ))

  it('bring a packet to every member that the design connects, over peers that take it from each other', () =>
    fc.assert(
      fc.property(anyShape, memberships, (shape, members) => {
        const index = new PeerIndex(shape, members)
        const lists = listsOf(index, members)
        for (const from of members) {
          for (const to of members) {
            if (from === to) continue
            const route = twinRoute(shape, members, from, to)
            assert.deepEqual(index.wayTo(from.node, to.node, unnamed).hops, route?.slice(1, -1))
            assert.deepEqual(walk(lists, from.node, to.node), route)
          }
        }
      }),
      RUNS,
    ))

  it('do not depend on the order in which members came', () =>
    fc.assert(
      fc.property(anyShape, memberships, (shape, members) => {
        const [one, other] = [new PeerIndex(shape, members), new PeerIndex(shape)]
        for (const place of members.toReversed()) other.put(place)
        for (const { node } of members) assert.deepEqual(other.peersOf(node), one.peersOf(node))
      }),
      RUNS,
    ))

  it('are the same after any history as computed from nothing, and change as every change said', () =>
    fc.assert(
      fc.property(anyShape, memberships, fc.array(steps, { maxLength: 12 }), (shape, first, history) => {
        const members = new Map(first.map((place) => [place.node, place]))
        const index = new PeerIndex(shape, first)
        const lists = listsOf(index, first)
        for (const step of history) {
          const moves = take(step, index, members)
          follow(lists, index, moves, members)
          const fresh = new PeerIndex(shape, members.values())
          assert.deepEqual(listsOf(index, members.values()), listsOf(fresh, members.values()))
          assert.deepEqual(lists, listsOf(fresh, members.values()))
        }
      }),
      RUNS,
    ))

  it('keep no trace of a member that left', () =>
    fc.assert(
      fc.property(anyShape, memberships, places, (shape, members, guest) => {
        const others = members.filter(({ node }) => node !== guest.node)
        const index = new PeerIndex(shape, others)
        index.put(guest)
        index.remove(guest.node)
        for (const { node } of others) {
          assert.deepEqual(index.peersOf(node), new PeerIndex(shape, others).peersOf(node))
          assert.ok(!JSON.stringify(index.peersOf(node)).includes(guest.node))
        }
        assert.deepEqual(index.peersOf(guest.node), [])
      }),
      RUNS,
    ))
})

type Step = { readonly put: Place } | { readonly remove: NodeId }
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: places.map((put) => ({ put })) },
  { weight: 1, arbitrary: places.map(({ node }) => ({ remove: node })) },
)

function take(step: Step, index: PeerIndex, members: Map<NodeId, Place>): Moves {
  if ('put' in step) {
    members.set(step.put.node, step.put)
    return index.put(step.put)
  }
  members.delete(step.remove)
  return index.remove(step.remove)
}

/** Changes the lists of every member by what the index says of the moves, as agents do. */
function follow(lists: Lists, index: PeerIndex, moves: Moves, members: ReadonlyMap<NodeId, Place>): void {
  for (const node of lists.keys()) if (!members.has(node)) lists.delete(node)
  for (const viewer of members.keys()) {
    const peers = lists.get(viewer) ?? new Map<NodeId, Set<NodeId>>()
    lists.set(viewer, peers)
    for (const { node, gained, lost } of index.changesFor(viewer, moves)) {
      const carries = peers.get(node) ?? new Set()
      for (const target of lost) assert.ok(carries.delete(target))
      for (const target of gained) assert.ok(!carries.has(target) && carries.add(target))
      if (carries.size > 0) peers.set(node, carries)
      else peers.delete(node)
    }
  }
}

/** The way of a packet by allowed IPs alone: sent to the peer that owns its target, taken only from the owner of its source. */
function walk(lists: Lists, from: NodeId, to: NodeId): readonly NodeId[] | undefined {
  const steps = [from]
  for (let at = from; at !== to; ) {
    const next = ownerIn(lists, at, to)
    if (next === undefined) return undefined
    assert.equal(ownerIn(lists, next, from), at, 'the next hop would drop it')
    assert.ok(!steps.includes(next), 'it goes round in a circle')
    steps.push(next)
    at = next
  }
  return steps
}

function ownerIn(lists: Lists, viewer: NodeId, target: NodeId): NodeId | undefined {
  return [...(lists.get(viewer) ?? [])].find(([, carries]) => carries.has(target))?.[0]
}

function member(
  number: number,
  fields: { hub?: true; gateway?: true; relay?: true; site?: string } = {},
): Place {
  const { site = '', hub = false, gateway = false, relay = false } = fields
  return { node: nodeId(number), roles: { hub, gateway, relay }, site }
}

describe('PeerIndex', () => {
  it('moves only the members that change their hub when one comes or goes', () => {
    const spokes = Array.from({ length: 1_000 }, (_, at) => member(at))
    const index = new PeerIndex('hub', [
      ...spokes,
      member(2_001, { hub: true }),
      member(2_002, { hub: true }),
    ])
    const come = index.put(member(2_003, { hub: true }))
    for (const [node, { after }] of come) assert.ok(after?.home === nodeId(2_003), node)
    assert.ok(come.size > 250 && come.size < 420, `${come.size} of 1,000 moved to the third`)
    const go = index.remove(nodeId(2_003))
    assert.deepEqual(new Set(go.keys()), new Set(come.keys()))
  })

  it('moves one member only when its other roles change', () => {
    const index = new PeerIndex('sites', [member(1, { gateway: true }), member(2), member(3)])
    assert.deepEqual([...index.put(member(1, { gateway: true, relay: true })).keys()], [nodeId(1)])
    assert.deepEqual(index.changesFor(nodeId(2), index.put(member(1, { gateway: true }))), [])
  })

  it('says why two members have no way to each other', () => {
    const why = (shape: Shape, a: Place, b: Place) =>
      new PeerIndex(shape, [a, b]).wayTo(a.node, b.node, (node) => (node === a.node ? 'alpha' : 'beta'))
        .reason
    assert.equal(
      why('hub', member(1), member(2)),
      'No member has the role of a hub, and in this topology hubs carry everything.',
    )
    assert.equal(
      why('sites', member(1, { site: 'oslo', gateway: true }), member(2)),
      'They are in different sites, and beta stands among the members without a site, which have no gateway.',
    )
    assert.equal(
      why('sites', member(1, { site: 'oslo' }), member(2, { site: 'rome' })),
      'They are in different sites, and alpha stands in site oslo, which has no gateway; beta stands in site rome, which has no gateway.',
    )
    assert.match(why('transit', member(1), member(2)) ?? '', /linked with relays only/)
    assert.equal(
      new PeerIndex('mesh', [member(1)]).wayTo(nodeId(1), nodeId(2), () => 'beta').reason,
      'beta is no member of the network.',
    )
  })
})
