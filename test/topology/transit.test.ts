import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { contains, overlaps, parseAddress, parseCidr } from '../../src/address/cidr.ts'
import {
  relayAddress,
  relayedEndpoint,
  relayRange,
  slotsOf,
  transitAllowedIps,
} from '../../src/topology/transit.ts'

const prefix = parseCidr('fd12:3456:789a::/48')
const slot = fc.integer({ min: 1, max: 65_535 })

describe('addresses in the transit', () => {
  it('are in the /64 of their relay, canonical, and tell their slots', () => {
    assert.equal(relayAddress(prefix, { relay: 1, node: 2 }), 'fd12:3456:789a:1::2')
    assert.equal(relayAddress(prefix, { relay: 65_535, node: 65_535 }), 'fd12:3456:789a:ffff::ffff')
    assert.equal(relayedEndpoint(prefix, 1, { slot: 2, port: 7 }), '[fd12:3456:789a:1::2]:7')
    fc.assert(
      fc.property(slot, slot, (relay, node) => {
        const address = relayAddress(prefix, { relay, node })
        assert.equal(parseAddress(address), address)
        assert.ok(contains(relayRange(prefix, relay), address))
        assert.deepEqual(slotsOf(prefix, address), { relay, node })
      }),
      { numRuns: 500 },
    )
  })

  it('are not mistaken for others', () => {
    const others = [
      'fd12:3456:789b:1::2',
      'fd12:3456:789a:1::',
      'fd12:3456:789a::2',
      'fd12:3456:789a:1:1::2',
      '10.0.0.1',
    ]
    for (const text of others) assert.equal(slotsOf(prefix, parseAddress(text)), undefined, text)
  })
})

describe('transitAllowedIps', () => {
  const node = { slot: 7, isRelay: false }
  const relay = { slot: 3, isRelay: true }
  const second = { slot: 4, isRelay: true }

  it('are the whole /64 of a relay, at a relay the one address of a node, and both between relays', () => {
    assert.deepEqual(transitAllowedIps(prefix, node, relay), ['fd12:3456:789a:3::/64'])
    assert.deepEqual(transitAllowedIps(prefix, relay, node), ['fd12:3456:789a:3::7/128'])
    assert.deepEqual(transitAllowedIps(prefix, relay, second), [
      'fd12:3456:789a:3::4/128',
      'fd12:3456:789a:4::/64',
    ])
    assert.deepEqual(transitAllowedIps(prefix, node, { slot: 8, isRelay: false }), [])
  })

  it('never overlap between the peers of a member', () => {
    const members = fc.uniqueArray(
      fc.record({ slot: fc.integer({ min: 1, max: 40 }), isRelay: fc.boolean() }),
      {
        selector: (member) => member.slot,
        maxLength: 8,
      },
    )
    fc.assert(
      fc.property(members, (all) => {
        for (const own of all) {
          const peers = all.filter((other) => other !== own)
          const ranges = peers.flatMap((other) => transitAllowedIps(prefix, own, other))
          ranges.forEach((a, at) => {
            for (const b of ranges.slice(at + 1)) assert.ok(!overlaps(a, b), `${a} ${b}`)
          })
        }
      }),
      { numRuns: 500 },
    )
  })
})
