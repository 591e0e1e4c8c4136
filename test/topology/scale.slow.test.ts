import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeId } from '../../src/keys/identity.ts'
import { candidates } from '../../src/topology/candidates.ts'
import { type NodeFacts, reachOf } from '../../src/topology/distil.ts'
import { PeerIndex } from '../../src/topology/peers.ts'
import type { Place, Shape } from '../../src/topology/standing.ts'
import { nodeId, overlays, transitPrefix } from './world.ts'

/** Goals at 10,000 members. */
const FULL_MS = 2_000
const CHANGE_MS = 5

describe('the engine at size', () => {
  for (const shape of ['mesh', 'hub', 'sites', 'transit'] as const) {
    for (const count of [1_000, 10_000]) {
      it(`lists the peers of all ${count} members of shape ${shape} within 2 s, and takes a change within 5 ms`, (t) => {
        const members = Array.from({ length: count }, (_, at) => placeOf(at))
        const full = Math.min(...[0, 1, 2].map(() => cpuMs(() => listAll(shape, members))))
        const index = new PeerIndex(shape, members)
        const join = changeMs(index, placeOf(count + 1), [nodeId(1)])
        const carrier = changeMs(index, placeOf(count + 100), [nodeId(1)])
        const toAll = changeMs(
          index,
          placeOf(count + 1),
          members.map(({ node }) => node),
        )
        t.diagnostic(
          `${shape} ${count}: full ${full.toFixed(0)} ms, one member ${join.toFixed(3)} ms, one that carries ` +
            `${carrier.toFixed(3)} ms, one member as every viewer has it ${toAll.toFixed(1)} ms`,
        )
        assert.ok(full < FULL_MS, `${full} ms`)
        assert.ok(join < CHANGE_MS && carrier < CHANGE_MS, `${join} ms, ${carrier} ms`)
      })
    }
  }

  for (const count of [1_000, 10_000]) {
    it(`finds the ways of one member to all ${count} others within 2 s, and to one that has moved within 5 ms`, (t) => {
      const facts = Array.from({ length: count }, (_, at) => factsAt(at))
      const relays = [1, 2].map((slot) => ({ node: nodeId(count + slot), slot, alive: true, rtt: 5 * slot }))
      const own = reachOf(factsAt(count + 9), overlays)
      const waysTo = (one: NodeFacts) =>
        candidates(own, reachOf(one, overlays), { lan: [], relays, transitPrefix }).taken.length
      let found = 0
      const full = cpuMs(() => {
        found = facts.reduce((sum, one) => sum + waysTo(one), 0)
      })
      const moved = cpuMs(() => facts.slice(0, 500).map(waysTo)) / 500
      t.diagnostic(`${count}: ways to all ${full.toFixed(0)} ms, to one ${moved.toFixed(3)} ms`)
      assert.ok(found > 2 * count, 'two relays each, and what is better')
      assert.ok(full < FULL_MS && moved < CHANGE_MS, `${full} ms, ${moved} ms`)
    })
  }
})

/** Every fifth in the open, the others in LANs of ten behind routers that keep ports. */
function factsAt(number: number): NodeFacts {
  const [high, low] = [number >> 8, number & 255]
  const isOpen = number % 5 === 0
  const outside = `198.51.${Math.floor(high / 10)}.${low}:51820`
  return {
    node: nodeId(number),
    addresses: isOpen
      ? [`203.${high}.113.${low}/24`]
      : [`192.168.1.${(number % 10) + 2}/24`, '172.17.0.1/16'],
    port: 51_820,
    mtu: 1_500,
    witnessed: isOpen ? [] : [1, 2].map((slot) => ({ relay: nodeId(20_000 + slot), endpoint: outside })),
    seenFrom: undefined,
    site: '',
    transitSlot: number + 1,
  }
}

/** Every hundredth member is hub, gateway and relay of a site of a hundred. */
function placeOf(number: number): Place {
  const isCarrier = number % 100 === 0
  return {
    node: nodeId(number),
    roles: { hub: isCarrier, gateway: isCarrier, relay: isCarrier },
    site: `site-${Math.floor(number / 100)}`,
  }
}

/** From nothing to the list of every member; lists are read and dropped, as by somebody who sends them. */
function listAll(shape: Shape, members: readonly Place[]): number {
  const index = new PeerIndex(shape, members)
  return members.reduce((sum, { node }) => sum + index.peersOf(node).length, 0)
}

/** CPU time of a join or a leave of one member, told to these viewers: the mean of many, for one alone is hardly to be measured. */
function changeMs(index: PeerIndex, place: Place, viewers: readonly NodeId[]): number {
  const changes = 60
  const work = () => {
    for (let at = 0; at < changes; at += 1) {
      const moves = at % 2 === 0 ? index.put(place) : index.remove(place.node)
      for (const viewer of viewers) index.changesFor(viewer, moves)
    }
  }
  return cpuMs(work) / changes
}

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
