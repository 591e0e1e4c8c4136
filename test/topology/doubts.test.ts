import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type NodeFacts, reachOf } from '../../src/topology/distil.ts'
import { contradictions, doubtsOf, type Word } from '../../src/topology/doubts.ts'
import { factsOf, nodeId, overlays, worlds } from './world.ts'

const call = (node: string) => (node === nodeId(1) ? 'alpha' : node === nodeId(2) ? 'beta' : 'relay-one')

function facts(number: number, fields: Partial<NodeFacts>): NodeFacts {
  const unknown = { mtu: undefined, seenFrom: undefined, transitSlot: undefined, site: '' }
  return { node: nodeId(number), addresses: [], port: 51_820, witnessed: [], ...unknown, ...fields }
}

function doubts(fields: Partial<NodeFacts>): readonly string[] {
  return doubtsOf(facts(1, fields), overlays, call)
}

function word(number: number, addresses: readonly string[], fields: Partial<Word> = {}): Word {
  const reach = reachOf(facts(number, { addresses }), overlays)
  return { reach, endpoint: undefined, handshakeAge: undefined, isOnline: true, ...fields }
}

describe('doubtsOf', () => {
  it('has nothing to say of what usual machines report', () => {
    const addresses = ['192.168.1.2/24', '203.0.113.7/24', '2001:db8::7/64', 'fd12::7/64', '172.17.0.1/16']
    const witnessed = ['198.51.100.1:7', '192.168.1.2:7', '[2001:db8::7]:7'].map((endpoint) => ({
      relay: nodeId(9),
      endpoint,
    }))
    const usual = { addresses, witnessed, mtu: 1_280, clockAhead: -29, forwarded: '203.0.113.9:51820' }
    assert.deepEqual(doubts(usual), [])
    // It is meant for another network of the node, whose interface has that port.
    assert.deepEqual(doubts({ forwarded: '203.0.113.9:7' }), [])
  })

  it('names each address that leads nowhere and why, and of very many only that there are more', () => {
    assert.deepEqual(
      doubts({ addresses: ['127.0.0.1/8', '10.77.1.1/16', 'junk\u001b[2J', '192.0.2.1/24'] }),
      [
        "alpha reports the address '127.0.0.1/8', to which no other machine can send.",
        "alpha reports the address '10.77.1.1/16', which lies in the range of one of its own private networks.",
        "alpha reports the address 'junk?[2J', which is no address.",
      ],
    )
    const many = doubts({ addresses: Array.from({ length: 64 }, (_, at) => `127.0.0.${at}/8`) })
    assert.deepEqual([many.length, many.at(-1)], [4, 'alpha reports 61 more that are left out.'])
  })

  it('names witnesses, forwarded ports, MTUs and clocks that cannot be', () => {
    const witnessed = ['127.0.0.1:7', '10.77.0.1:7', '198.51.100.1:0'].map((endpoint) => ({
      relay: nodeId(9),
      endpoint,
    }))
    assert.deepEqual(
      doubts({ witnessed }).map((text) => text.slice(0, 45)),
      [
        "alpha is seen by relay-one at '127.0.0.1:7', ",
        "alpha is seen by relay-one at '10.77.0.1:7', ",
        "alpha is seen by relay-one at '198.51.100.1:0",
      ],
    )
    assert.match(doubts({ forwarded: '192.168.1.1:51820' }).join(), /^alpha has the label endpoint='192\.168/)
    assert.match(
      doubts({ mtu: 7 }).join(),
      /^alpha reports an MTU of 7 bytes, which cannot be; 1500 are assumed/,
    )
    assert.match(
      doubts({ clockAhead: 3_600 }).join(),
      /a clock that is 3600 s ahead of that of the controller/,
    )
    assert.match(doubts({ clockAhead: -31 }).join(), /a clock that is 31 s behind that of the controller/)
  })

  it('says of every address that is left out of the reach why, and of no other, in any world', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const host of world.hosts) {
          const all = factsOf(world, host)
          const told = new Set(all.addresses.filter((address) => leftOut(all, address)))
          assert.equal(told.size, 7, 'those that every host of these worlds has')
          for (const address of all.addresses) {
            const one = doubtsOf({ ...all, addresses: [address] }, overlays, call).join()
            assert.equal(one.includes('reports the address'), told.has(address), address)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})

/** By the slow way: whether a node with this address alone has neither a family nor an endpoint. */
function leftOut(all: NodeFacts, address: string): boolean {
  const alone = { ...all, addresses: [address], witnessed: [], forwarded: '', seenFrom: undefined }
  const isPrivateIpv6 = /^f[cd]/.test(address)
  return reachOf(alone, overlays).families.length === 0 && !isPrivateIpv6
}

describe('contradictions', () => {
  it('are none between two that tell the same of each other', () => {
    const a = word(1, ['192.0.2.1/24'], { endpoint: '192.168.7.7:9', handshakeAge: 5 })
    const b = word(2, ['192.168.1.2/24'], { endpoint: '[fe80::1%eth0]:51820', handshakeAge: 170 })
    assert.deepEqual(contradictions(a, b, call), [])
  })

  it('are an address that both claim, an endpoint that nobody can have, and handshakes far apart', () => {
    const a = word(1, ['192.0.2.1/24'], { endpoint: '127.0.0.1:9', handshakeAge: 5 })
    const b = word(2, ['192.0.2.1/24'], { endpoint: '192.0.2.1:51820', handshakeAge: 4_000 })
    assert.deepEqual(contradictions(a, b, call), [
      'alpha and beta both say that 192.0.2.1:51820 is theirs, which can be true of one only.',
      "alpha says that beta sends from '127.0.0.1:9', from where nobody can.",
      'alpha and beta disagree on their last handshake, 5 s and 4000 s ago: the later one counts.',
    ])
    assert.equal(contradictions(a, { ...b, isOnline: false }, call).length, 2, 'what it said is of long ago')
  })
})
