import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseAddress } from '../../src/address/cidr.ts'
import { type NodeFacts, reachOf } from '../../src/topology/distil.ts'
import {
  endpointsOn,
  LanIndex,
  type LanPlace,
  lanEndpoints,
  lanPlacesOf,
  worthTrying,
} from '../../src/topology/lan.ts'
import { scopeOf } from '../../src/topology/scope.ts'
import { factsOf, nodeId, overlays, worlds } from './world.ts'

const [relayA, relayB] = [nodeId(91), nodeId(92)]

function facts(fields: Partial<NodeFacts>): NodeFacts {
  return {
    node: nodeId(1),
    addresses: [],
    port: 51_820,
    mtu: undefined,
    witnessed: [],
    seenFrom: undefined,
    site: '',
    transitSlot: undefined,
    ...fields,
  }
}

function lanOf(fields: Partial<NodeFacts>): readonly LanPlace[] {
  return lanPlacesOf(facts(fields), overlays)
}

describe('scopeOf', () => {
  it('follows the registries of special addresses, but takes those for documentation as global', () => {
    const scopes = {
      global: [
        '192.0.2.1',
        '198.51.100.1',
        '203.0.113.1',
        '198.18.0.1',
        '2001:db8::1',
        '2a00::1',
        '172.32.0.1',
        '100.128.0.1',
      ],
      private: ['10.1.2.3', '172.31.255.1', '192.168.0.1', '100.64.0.1', '100.127.0.1', 'fd00::1', 'fc00::1'],
      never: [
        '127.0.0.1',
        '169.254.1.1',
        '224.0.0.1',
        '255.255.255.255',
        '0.0.0.0',
        '::1',
        '::',
        'fe80::1',
        'ff02::1',
      ],
    }
    for (const [scope, addresses] of Object.entries(scopes))
      for (const address of addresses) assert.equal(scopeOf(parseAddress(address)), scope, address)
  })
})

describe('reachOf', () => {
  it('keeps global endpoints, IPv4 first, and leaves out what leads nowhere', () => {
    const addresses = [
      '2001:db8::7/64',
      '192.0.2.7/24',
      '10.0.0.7/8',
      '10.77.1.1/16',
      '127.0.0.1/8',
      'fe80::1/64',
      'junk',
    ]
    assert.deepEqual(reachOf(facts({ addresses }), overlays), {
      node: nodeId(1),
      families: [4, 6],
      direct: ['192.0.2.7:51820', '[2001:db8::7]:51820'],
      outside: undefined,
      nat: 'open',
      transit: undefined,
      mtu: 1_500,
    })
  })

  it('has nowhere to send to while no port is bound', () => {
    for (const port of [undefined, 0, 65_536, -1, 1.5])
      assert.deepEqual(reachOf(facts({ addresses: ['192.0.2.7/24'], port }), []).direct, [])
  })

  it('has a place in the transit once its port is bound', () => {
    const at = (port: number | undefined) => reachOf(facts({ transitSlot: 9, port }), []).transit
    assert.deepEqual(at(7), { slot: 9, port: 7 })
    assert.deepEqual([at(undefined), at(0)], [undefined, undefined])
  })

  it('tells translations apart by what two witnesses see', () => {
    const addresses = ['192.168.1.2/24']
    const seen = (...endpoints: string[]) => {
      const witnessed = endpoints.map((endpoint, at) => ({ relay: [relayA, relayB][at] ?? relayA, endpoint }))
      const { nat, outside } = reachOf(facts({ addresses, witnessed }), overlays)
      return [nat, outside]
    }
    assert.deepEqual(seen(), ['unknown', undefined])
    assert.deepEqual(seen('198.51.100.1:7'), ['unknown', '198.51.100.1:7'])
    assert.deepEqual(seen('198.51.100.1:7', '198.51.100.1:7'), ['cone', '198.51.100.1:7'])
    assert.deepEqual(seen('198.51.100.1:7', '198.51.100.1:8'), ['symmetric', undefined])
    assert.deepEqual(seen('198.51.100.1:7', '198.51.100.2:7'), ['symmetric', undefined])
  })

  it('takes a node whose own address is what witnesses see as open, and believes witnesses where it is not', () => {
    const own = { addresses: ['192.0.2.7/24'] }
    const seen = (endpoint: string) =>
      reachOf(facts({ ...own, witnessed: [relayA, relayB].map((relay) => ({ relay, endpoint })) }), [])
    assert.equal(seen('192.0.2.7:51820').nat, 'open')
    assert.equal(seen('198.51.100.1:51820').nat, 'cone')
  })

  it('ignores absurd witnesses: itself, private, inside an overlay, IPv6, port 0, no endpoint', () => {
    const absurd = ['192.168.1.1:7', '10.77.0.1:7', '127.0.0.1:7', '[2001:db8::1]:7', '198.51.100.1:0', 'x']
    const witnessed = [
      ...absurd.map((endpoint) => ({ relay: relayA, endpoint })),
      { relay: nodeId(1), endpoint: '198.51.100.9:9' },
    ]
    const { nat, outside } = reachOf(facts({ witnessed }), overlays)
    assert.deepEqual([nat, outside], ['unknown', undefined])
  })

  it('takes the endpoint that is forwarded to the port, if anybody can send there', () => {
    const direct = (forwarded: string) => reachOf(facts({ forwarded }), overlays).direct
    assert.deepEqual(direct('198.51.100.9:51820'), ['198.51.100.9:51820'])
    assert.deepEqual(direct('[2001:db8::9]:51820'), ['[2001:db8::9]:51820'])
    for (const absurd of [
      '198.51.100.9:51821',
      '10.77.0.1:51820',
      '192.168.1.1:51820',
      '127.0.0.1:51820',
      'x',
    ])
      assert.deepEqual(direct(absurd), [], absurd)
    assert.equal(reachOf(facts({ forwarded: '198.51.100.9:51820' }), overlays).nat, 'open')
  })

  it('takes the MTU of Ethernet where an absurd one is reported', () => {
    const mtu = (reported: number | undefined) => reachOf(facts({ mtu: reported }), []).mtu
    assert.deepEqual([undefined, 0, 575, Number.NaN, 1_300.5, 70_000].map(mtu), Array(6).fill(1_500))
    assert.equal(mtu(1_280), 1_280)
  })

  it('keeps both families when a machine has very many addresses', () => {
    const addresses = Array.from({ length: 20 }, (_, at) => [`192.0.2.${at}/24`, `2001:db8::${at}/64`]).flat()
    assert.equal(reachOf(facts({ addresses }), []).direct.length, 8)
  })
})

describe('lanEndpoints', () => {
  const seenFrom = parseAddress('198.51.100.1')
  const here = lanOf({ addresses: ['192.168.1.2/24'], seenFrom })

  it('are those in a private subnet behind the same outside address, seen by controller or witness', () => {
    const witnessed = [{ relay: relayA, endpoint: '198.51.100.1:9' }]
    assert.deepEqual(lanEndpoints(here, lanOf({ addresses: ['192.168.1.3/24'], seenFrom })), [
      '192.168.1.3:51820',
    ])
    assert.deepEqual(lanEndpoints(here, lanOf({ addresses: ['192.168.1.3/24'], witnessed })), [
      '192.168.1.3:51820',
    ])
  })

  it('are none for the same private subnet behind another outside address, or behind an unknown one', () => {
    const other = parseAddress('198.51.100.2')
    assert.deepEqual(lanEndpoints(here, lanOf({ addresses: ['192.168.1.3/24'], seenFrom: other })), [])
    assert.deepEqual(lanEndpoints(here, lanOf({ addresses: ['192.168.1.3/24'] })), [])
  })

  it('are none in another subnet, nor where the prefix is absurd', () => {
    for (const address of [
      '192.168.2.3/24',
      '192.168.1.3/16',
      '192.168.1.3/0',
      '192.168.1.3/32',
      '192.0.2.3/24',
    ])
      assert.deepEqual(lanEndpoints(here, lanOf({ addresses: [address], seenFrom })), [])
    const absurd = lanOf({ addresses: ['192.168.1.2/0'], seenFrom })
    assert.deepEqual(lanEndpoints(absurd, lanOf({ addresses: ['192.168.9.3/0'], seenFrom })), [])
  })

  it('are those of the same site, when the operator named one', () => {
    const at = (site: string) => lanOf({ addresses: ['fd12::2/64'], site })
    const there = (site: string) => lanOf({ addresses: ['fd12::3/64'], site })
    assert.deepEqual(lanEndpoints(at('paris'), there('paris')), ['[fd12::3]:51820'])
    assert.deepEqual(lanEndpoints(at('paris'), there('oslo')), [])
    assert.deepEqual(lanEndpoints(at(''), there('')), [])
  })

  it('are those that the controller sees untranslated beside it', () => {
    const beside = (address: string) =>
      lanOf({ addresses: [`${address}/24`], seenFrom: parseAddress(address) })
    assert.deepEqual(lanEndpoints(beside('10.5.0.2'), beside('10.5.0.3')), ['10.5.0.3:51820'])
    const elsewhere = lanOf({ addresses: ['10.5.0.3/24'], seenFrom: parseAddress('10.6.0.1') })
    assert.deepEqual(lanEndpoints(beside('10.5.0.2'), elsewhere), [])
  })

  it('leave out an address that both have, such as that of a bridge for containers', () => {
    const both = (own: string) => lanOf({ addresses: ['172.17.0.1/16', own], seenFrom })
    assert.deepEqual(lanEndpoints(both('192.168.1.2/24'), both('192.168.1.3/24')), ['192.168.1.3:51820'])
    assert.deepEqual(lanEndpoints(both('192.168.1.2/24'), both('192.168.7.3/24')), [])
  })

  it('are the same where an agent chooses of what all on its LAN are told, however many bridges both have', () => {
    for (const count of [0, 1, 4, 12, 50]) {
      const bridges = Array.from({ length: count }, (_, at) => `10.${17 + at}.0.1`)
      const at = (address: string) =>
        lanOf({ addresses: [...bridges.map((bridge) => `${bridge}/16`), `${address}/24`], seenFrom })
      const [here, there] = [at('192.168.1.2'), at('192.168.1.3')]
      const told = endpointsOn(new Set(here.map(({ lan }) => lan)), there)
      assert.deepEqual(worthTrying(told, new Set([...bridges, '192.168.1.2'])), ['192.168.1.3:51820'])
      assert.deepEqual(lanEndpoints(here, there), ['192.168.1.3:51820'])
    }
  })

  it('are no more than are worth a trial, and a frame can hold what is told', () => {
    const many = Array.from({ length: 20 }, (_, at) => `192.168.1.${at + 10}/24`)
    const there = lanOf({ addresses: many, seenFrom })
    const told = endpointsOn(new Set(here.map(({ lan }) => lan)), there)
    assert.equal(told.length, 16)
    assert.deepEqual(worthTrying(told, new Set(['192.168.1.10'])), told.slice(1, 5))
  })
})

describe('LanIndex', () => {
  it('names as neighbours exactly those that have endpoints for each other or share a bridge address, whatever came and went', () => {
    fc.assert(
      fc.property(worlds, fc.array(fc.nat(6), { maxLength: 4 }), (world, leaving) => {
        const index = new LanIndex()
        const places = new Map(
          world.hosts.map((host) => [host.id, lanPlacesOf(factsOf(world, host), overlays)]),
        )
        for (const [node, at] of places) index.put(node, at)
        for (const number of leaving) {
          places.delete(nodeId(number))
          index.put(nodeId(number), [])
        }
        for (const [a, here] of places) {
          const expected = [...places].filter(
            ([b, there]) => a !== b && there.some(({ lan }) => here.some((own) => own.lan === lan)),
          )
          assert.deepEqual(index.neighboursOf(a), new Set(expected.map(([b]) => b)))
          for (const [b, there] of places)
            if (lanEndpoints(here, there).length > 0 && a !== b) assert.ok(index.neighboursOf(a).has(b))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('answers a change with the neighbours of before and after, and forgets one that left', () => {
    const index = new LanIndex()
    const at = (number: number, subnet: number) =>
      lanPlacesOf(
        facts({ node: nodeId(number), addresses: [`192.168.${subnet}.${number}/24`], site: 'x' }),
        [],
      )
    index.put(nodeId(1), at(1, 1))
    index.put(nodeId(2), at(2, 2))
    index.put(nodeId(3), at(3, 1))
    assert.deepEqual(index.put(nodeId(3), at(3, 2)), new Set([nodeId(1), nodeId(2)]))
    assert.deepEqual(index.put(nodeId(3), []), new Set([nodeId(2)]))
    assert.deepEqual(index.neighboursOf(nodeId(2)), new Set())
  })
})
