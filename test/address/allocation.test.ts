import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { chooseSlot, memberPlace, slotCount } from '../../src/address/allocation.ts'
import { contains, overlaps, parseCidr, prefixLengthOf, toAddress, toBlock } from '../../src/address/cidr.ts'

const ipv6 = parseCidr('fd12:3456:789a::/48')

function ranges(ipv4: string, nodePrefixLength: number) {
  return { ipv4: parseCidr(ipv4), ipv6, nodePrefixLength }
}

describe('memberPlace', () => {
  it('gives a member a /24 and a /64, and the first host in each', () => {
    assert.deepEqual(memberPlace(ranges('10.20.0.0/16', 24), 1), {
      ipv4: '10.20.1.1',
      subnetIpv4: '10.20.1.0/24',
      ipv6: 'fd12:3456:789a:1::1',
      subnetIpv6: 'fd12:3456:789a:1::/64',
    })
    const last = memberPlace(ranges('10.20.0.0/16', 24), 255)
    assert.equal(last.subnetIpv4, '10.20.255.0/24')
    assert.equal(last.subnetIpv6, 'fd12:3456:789a:ff::/64')
  })

  it('gives a member one address and no subnet when nodePrefixLength is 32', () => {
    const place = memberPlace(ranges('10.0.0.0/8', 32), 257)
    assert.equal(place.ipv4, '10.0.1.1')
    assert.equal(place.subnetIpv4, '10.0.1.1/32')
  })

  it('uses the upper address of a /31', () => {
    const place = memberPlace(ranges('10.0.0.0/24', 31), 1)
    assert.equal(place.subnetIpv4, '10.0.0.2/31')
    assert.equal(place.ipv4, '10.0.0.3')
  })

  it('gives disjoint places within the ranges, never the first or last address of the IPv4 range', () => {
    const network = fc
      .record({ prefix: fc.integer({ min: 8, max: 30 }), longer: fc.integer({ min: 1, max: 24 }) })
      .map(({ prefix, longer }) => ranges(`10.0.0.0/${prefix}`, Math.min(32, prefix + longer)))
      .filter(({ ipv4, nodePrefixLength }) => slotCount(ipv4, nodePrefixLength) >= 2)
    fc.assert(
      fc.property(network, fc.nat(), fc.nat(), (given, m, n) => {
        const count = slotCount(given.ipv4, given.nodePrefixLength)
        const [a, b] = [1 + (m % count), 1 + (n % count)].map((slot) => memberPlace(given, slot))
        assert.ok(a && b)
        assert.ok(contains(given.ipv4, a.subnetIpv4) && contains(a.subnetIpv4, a.ipv4))
        assert.ok(contains(given.ipv6, a.subnetIpv6) && contains(a.subnetIpv6, a.ipv6))
        const block = toBlock(given.ipv4)
        const broadcast = block.first + 2n ** BigInt(32 - block.prefixLength) - 1n
        assert.ok(a.ipv4 !== toAddress(4, block.first) && a.ipv4 !== toAddress(4, broadcast))
        assert.equal(overlaps(a.subnetIpv4, b.subnetIpv4), m % count === n % count)
        assert.equal(overlaps(a.subnetIpv6, b.subnetIpv6), m % count === n % count)
      }),
      { numRuns: 500 },
    )
  })
})

describe('slotCount', () => {
  it('is how many members fit', () => {
    assert.equal(slotCount(parseCidr('10.0.0.0/16'), 24), 255)
    assert.equal(slotCount(parseCidr('10.0.0.0/24'), 32), 254)
    assert.equal(slotCount(parseCidr('10.0.0.0/30'), 32), 2)
    assert.equal(slotCount(parseCidr('10.0.0.0/31'), 32), 0)
    assert.equal(slotCount(parseCidr('10.0.0.0/29'), 31), 2)
    assert.equal(slotCount(parseCidr('10.0.0.0/24'), 24), 0)
  })

  it('stops where the /64s of the /48 end', () =>
    assert.equal(slotCount(parseCidr('10.0.0.0/8'), 32), 65_535))

  it('agrees with counting one by one', () => {
    for (let prefix = 22; prefix <= 32; prefix++) {
      for (let own = prefix + 1; own <= 32; own++) {
        const range = parseCidr(`10.0.0.0/${prefix}`)
        assert.equal(slotCount(range, own), slowCount(prefix, own), `${range} with a /${own} each`)
      }
    }
  })
})

/** Walks the addresses of 10.0.0.0/`prefix`: every piece but the first counts whose own address is not the last one. */
function slowCount(prefix: number, own: number): number {
  const size = 2 ** (32 - prefix)
  const piece = 2 ** (32 - own)
  let count = 0
  for (let first = piece; first < size; first += piece) {
    if ((own === 32 ? first : first + 1) !== size - 1) count++
  }
  return count
}

interface Tombstone {
  slot: number
  removedAt: number
}

/** What the fold keeps, as plain mutable things. */
class Slots {
  next = 1
  free: number[] = []
  readonly tombstones = new Map<string, Tombstone>()
  readonly members = new Map<string, number>()

  add(node: string, slot: number, clear: readonly string[]) {
    for (const other of clear) {
      const tombstone = this.tombstones.get(other)
      assert.ok(tombstone)
      this.free = [...this.free, tombstone.slot].sort((a, b) => a - b)
      this.tombstones.delete(other)
    }
    this.next = Math.max(this.next, slot + 1)
    this.free = this.free.filter((other) => other !== slot)
    this.tombstones.delete(node)
    this.members.set(node, slot)
  }

  remove(node: string, removedAt: number) {
    this.tombstones.set(node, { slot: this.members.get(node) ?? 0, removedAt })
    this.members.delete(node)
  }
}

describe('chooseSlot', () => {
  const options = { now: 1_000, tombstoneAge: 100, limit: 3 }

  it('hands out slots in order, then none', () => {
    const slots = new Slots()
    for (const [index, node] of ['a', 'b', 'c'].entries()) {
      const choice = chooseSlot(slots, node, options)
      assert.deepEqual(choice, { slot: index + 1, clear: [] })
      slots.add(node, choice.slot, choice.clear)
    }
    assert.equal(chooseSlot(slots, 'd', options), undefined)
  })

  it('gives a node that returns its old slot, even when others are free', () => {
    const slots = new Slots()
    slots.add('a', 1, [])
    slots.remove('a', 0)
    assert.deepEqual(chooseSlot(slots, 'a', options), { slot: 1, clear: [] })
    assert.deepEqual(chooseSlot(slots, 'b', options), { slot: 2, clear: [] })
  })

  it('clears old tombstones only when nothing else is left', () => {
    const slots = new Slots()
    for (const [node, slot] of [['a', 1] as const, ['b', 2] as const, ['c', 3] as const])
      slots.add(node, slot, [])
    slots.remove('c', 899)
    slots.remove('b', 900)
    slots.remove('a', 901)
    assert.deepEqual(chooseSlot(slots, 'd', options), { slot: 2, clear: ['c', 'b'] })
    assert.equal(chooseSlot(slots, 'd', { ...options, now: 998 }), undefined)
  })

  it('clears no more tombstones at once than a log entry can hold', () => {
    const slots = new Slots()
    for (let slot = 1; slot <= 1_000; slot++) {
      slots.add(`n${slot}`, slot, [])
      slots.remove(`n${slot}`, 1_000 - slot)
    }
    const choice = chooseSlot(slots, 'new', { now: 5_000, tombstoneAge: 100, limit: 1_000 })
    assert.equal(choice?.clear.length, 256)
    assert.deepEqual(choice.clear.slice(0, 2), ['n1000', 'n999'])
    assert.equal(choice.slot, 745)
  })

  it('keeps slots unique, within the limit, stable and never reused while a tombstone stands', () => {
    const step = fc.record({
      node: fc.integer({ min: 0, max: 15 }).map((number) => `n${number}`),
      wait: fc.constantFrom(0, 1, 60, 200),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200, size: 'max' }), runSteps),
      {
        numRuns: 300,
      },
    )
  })

  function runSteps(limit: number, steps: readonly { node: string; wait: number }[]) {
    const slots = new Slots()
    let now = 0
    for (const { node, wait } of steps) {
      now += wait
      if (slots.members.has(node)) slots.remove(node, now)
      else addOne(slots, node, { now, tombstoneAge: 100, limit })
      const taken = [...slots.members.values(), ...[...slots.tombstones.values()].map(({ slot }) => slot)]
      assert.equal(new Set(taken).size, taken.length, 'a slot has one holder')
      assert.ok(taken.every((slot) => slot >= 1 && slot <= limit))
    }
  }

  function addOne(slots: Slots, node: string, given: { now: number; tombstoneAge: number; limit: number }) {
    const choice = chooseSlot(slots, node, given)
    const own = slots.tombstones.get(node)
    const standing = [...slots.tombstones.values()].filter((each) => each.removedAt + 100 > given.now)
    if (!choice) return assert.equal(slots.members.size + standing.length, given.limit, 'none only when full')
    if (own) assert.equal(choice.slot, own.slot, 'a node that returns has its slot again')
    else assert.ok(!standing.some(({ slot }) => slot === choice.slot), 'a standing tombstone keeps its slot')
    const others = new Map(slots.members)
    slots.add(node, choice.slot, choice.clear)
    for (const [other, slot] of others) assert.equal(slots.members.get(other), slot)
  }
})

describe('the places of a whole network', () => {
  it('are all different, for as many members as fit', () => {
    const given = ranges('10.0.0.0/20', 32)
    const count = slotCount(given.ipv4, 32)
    const places = Array.from({ length: count }, (_, index) => memberPlace(given, index + 1))
    assert.equal(new Set(places.map((place) => place.ipv4)).size, count)
    assert.equal(new Set(places.map((place) => place.subnetIpv6)).size, count)
    assert.ok(places.every((place) => prefixLengthOf(place.subnetIpv4) === 32))
  })
})
