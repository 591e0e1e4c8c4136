import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeId } from '../../src/keys/identity.ts'
import { explainCarried } from '../../src/topology/carried.ts'
import { type NodeFacts, reachOf } from '../../src/topology/distil.ts'
import { type End, explain, leading } from '../../src/topology/explain.ts'
import type { RelayView } from '../../src/topology/reach.ts'
import { nodeId, transitPrefix } from './world.ts'

const names = new Map([
  [nodeId(1), 'alpha'],
  [nodeId(2), 'beta'],
  [nodeId(3), 'relay-one'],
])
const nameOf = (node: NodeId) => names.get(node) ?? node

const relay: RelayView = { node: nodeId(3), slot: 3, alive: true, rtt: 4 }

function end(number: number, facts: Partial<NodeFacts>, fields: Partial<End> = {}, relays = [relay]): End {
  const all: NodeFacts = {
    node: nodeId(number),
    addresses: [],
    port: 51_820,
    mtu: 1_500,
    witnessed: [],
    seenFrom: undefined,
    site: '',
    transitSlot: number,
    ...facts,
  }
  const context = { lan: [], relays, transitPrefix }
  return { reach: reachOf(all, []), context, endpoint: undefined, handshakeAge: undefined, ...fields }
}

const open = { addresses: ['192.0.2.1/24'] }
const hidden = { addresses: ['192.168.1.2/24'] }

describe('explain', () => {
  it('says what is in use and nothing more when it is the best', () => {
    const a = end(1, open, { endpoint: '198.51.100.2:40000', handshakeAge: 9 })
    const b = end(2, hidden, { endpoint: '192.0.2.1:51820', handshakeAge: 9 })
    const { sentences, advice, directions } = explain(a, b, nameOf)
    assert.deepEqual(
      directions.map(({ inUse }) => inUse.kind),
      ['direct', 'direct'],
    )
    assert.deepEqual(sentences, [
      'alpha to beta: direct, confirmed by a handshake.',
      'beta to alpha: direct, confirmed by a handshake.',
      'Not lan: alpha and beta are not known to share a LAN, which takes one outside address or site label, and one private subnet.',
    ])
    assert.deepEqual(advice, [])
  })

  it('says why it is not better of the direction that is in use, whichever that is', () => {
    const a = end(1, open)
    const b = end(2, hidden, { endpoint: '[fd77:ef7:1:3::1]:51820', handshakeAge: 9 })
    for (const [ends, lead] of [
      [[a, b], 1],
      [[b, a], 0],
    ] as const) {
      const { directions, sentences } = explain(...ends, nameOf)
      assert.equal(leading(directions), lead)
      assert.equal(sentences[lead], 'beta to alpha: relayed through relay-one, confirmed by a handshake.')
      assert.ok(sentences.includes('Not direct: it is possible, but no handshake came through.'))
    }
  })

  it('says why another relay than the first is in use', () => {
    const second: RelayView = { ...relay, node: nodeId(9), slot: 9, rtt: 400 }
    const facts = (slot: number) => ({ endpoint: `[fd77:ef7:1:9::${slot}]:51820`, handshakeAge: 9 })
    const [a, b] = [end(1, hidden, facts(2), [relay, second]), end(2, hidden, facts(1), [relay, second])]
    const other = `Through ${nodeId(9)}, and not relay-one, because a link stays with its relay while that works.`
    assert.ok(explain(a, b, nameOf).sentences.includes(other))
  })

  it('says what to do when a relay carries what could go direct', () => {
    const a = end(1, open, { endpoint: '[fd77:ef7:1:3::2]:51820', handshakeAge: 9 })
    const b = end(2, hidden, { endpoint: '[fd77:ef7:1:3::1]:51820', handshakeAge: 9 })
    const { sentences, advice } = explain(a, b, nameOf)
    assert.equal(sentences[0], 'alpha to beta: relayed through relay-one, confirmed by a handshake.')
    assert.ok(sentences.includes('Not direct: it is possible, but no handshake came through.'))
    assert.deepEqual(advice, ['Let UDP to 192.0.2.1:51820 through the firewall of alpha.'])
  })

  it('gives every reason when there is no path, and what would make one', () => {
    const without = explain(end(1, hidden, {}, []), end(2, hidden, {}, []), nameOf)
    assert.equal(without.sentences[0], 'alpha to beta: no path.')
    assert.ok(without.sentences.includes('Not relayed: No node has the role of a relay.'))
    assert.deepEqual(without.advice, ['Give a third node, one that both can reach, the role of a relay.'])
    const dead = [{ ...relay, alive: false }]
    const down = explain(end(1, hidden, {}, dead), end(2, hidden, {}, dead), nameOf)
    assert.deepEqual(down.advice, ['Start relay-one again, or give another node the role of a relay.'])
    const outside = explain(end(1, hidden), end(2, { ...hidden, transitSlot: undefined }), nameOf)
    assert.deepEqual(outside.advice, [
      'Look whether the agent of beta is connected: it is not in the transit.',
    ])
    const silent = explain(
      end(1, open),
      end(2, { addresses: [], port: undefined, transitSlot: undefined }),
      nameOf,
    )
    assert.deepEqual(silent.advice, ['Start the agent of beta, or look whether it has a network at all.'])
  })

  it('takes an old handshake for none, and says what will be tried', () => {
    const a = end(1, open, { endpoint: '198.51.100.2:40000', handshakeAge: 181 })
    const { sentences, advice } = explain(a, end(2, hidden), nameOf)
    assert.deepEqual(sentences.slice(0, 2), [
      'alpha to beta: no path is confirmed; to be tried are direct, for which the other end has to begin, then relayed through relay-one.',
      'beta to alpha: no path is confirmed; to be tried are direct at 192.0.2.1:51820, then relayed through relay-one.',
    ])
    assert.equal(advice.length, 2)
  })

  it('says whose agent is away, and whom to look at', () => {
    const { sentences, advice } = explain(
      end(1, open, { isOnline: true }),
      end(2, hidden, { isOnline: false }),
      nameOf,
    )
    assert.equal(
      sentences.at(-1),
      'The agent of beta is not connected: what it said last is what counts here.',
    )
    assert.deepEqual(advice, ["Look on beta whether its agent runs: 'weft doctor'."])
  })

  it('says that there is no relay to see an outside port, where there is none', () => {
    const { sentences } = explain(end(1, hidden, {}, []), end(2, hidden, {}, []), nameOf)
    const [punched] = sentences.filter((text) => text.startsWith('Not punched'))
    assert.match(
      punched ?? '',
      /^Not punched: There is no relay that could see the outside port of alpha, and /,
    )
  })
})

describe('explainCarried', () => {
  const apart = { from: nodeId(1), to: nodeId(2), shape: 'sites' } as const

  it('names those who carry in their order, and says of each link on the way how it is', () => {
    const hop = explain(end(1, open), end(3, hidden), nameOf)
    const way = { hops: [nodeId(3)], reason: undefined }
    const { sentences, advice, directions } = explainCarried({ ...apart, way }, [hop], nameOf)
    assert.deepEqual(sentences.slice(0, 3), [
      'alpha to beta: carried by relay-one, who can read it.',
      'beta to alpha: carried by relay-one, who can read it.',
      'In a network of topology sites the two are no peers of each other.',
    ])
    assert.equal(sentences[3], hop.sentences[0])
    assert.deepEqual(advice, hop.advice)
    assert.deepEqual(
      directions.map(({ from, candidates }) => [from, candidates.taken.length, candidates.rejected.length]),
      [
        [nodeId(1), 0, 4],
        [nodeId(2), 0, 4],
      ],
    )
  })

  it('says why nobody carries, and who could', () => {
    const way = { hops: undefined, reason: 'They are in different sites.' }
    const { sentences, advice } = explainCarried({ ...apart, way }, [], nameOf)
    assert.deepEqual(sentences.slice(-1), ['They are in different sites.'])
    assert.deepEqual(advice, [
      "Give a member of each site the role of a gateway: 'weft node roles NODE gateway'.",
    ])
  })
})
