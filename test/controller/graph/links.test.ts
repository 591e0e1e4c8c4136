import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { removeNode } from '../../../src/controller/commands/node.ts'
import { setRoles } from '../../../src/controller/commands/role.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { createKeyPair } from '../../../src/keys/wireguard.ts'
import type { Network } from '../../../src/model/state.ts'
import type { Facts } from '../../../src/protocol/frames.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'

const PORT = 51_820

describe('What members are told of where others are', () => {
  let rig: Rig
  let demo: Network
  const agents: RawAgent[] = []
  before(async () => {
    rig = await startRig({ gatherMilliseconds: 20 })
    demo = await rig.createNetwork({ name: 'demo' })
  })
  after(async () => {
    for (const agent of agents.splice(0)) agent[Symbol.dispose]()
    await rig[Symbol.asyncDispose]()
  })

  const factsAt = (...addresses: string[]) => ({ addresses, ports: [{ network: demo.id, port: PORT }] })

  async function join(name: string, addresses: readonly string[], labels = {}): Promise<RawAgent> {
    const token = await rig.joinToken({ networks: ['demo'], labels })
    const agent = await RawAgent.join(token, { name, facts: factsAt(...addresses) })
    agents.push(agent)
    return agent
  }

  /** Two relays, of which at least two are needed to know a translation. */
  async function joinRelays(): Promise<[RawAgent, RawAgent]> {
    const first = await join('relay', ['203.0.113.1/24'])
    const second = await join('relay', ['203.0.113.2/24'])
    for (const { node } of [first, second]) {
      await rig.controller.change({ actor: 'test' }, (state, tools) =>
        setRoles(state, tools, node, ['relay']),
      )
    }
    return [first, second]
  }

  const kinds = (from: RawAgent, to: RawAgent) => {
    const [{ candidates }] = rig.controller.status.explain(current(), from.node, to.node).directions
    return candidates.taken.map(({ kind }) => kind)
  }
  const current = () => rig.controller.state.networks.get(demo.id) ?? demo

  it('never holds a private endpoint of another LAN, not even of one with the same numbers', async () => {
    const relays = await joinRelays()
    const a = await join('a', ['192.168.1.2/24'])
    const b = await join('b', ['192.168.1.3/24'])
    const c = await join('c', ['192.168.1.4/24'])
    for (const relay of relays) {
      relay.witness(demo.id, [
        [a, '198.51.100.1:40001'],
        [b, '198.51.100.1:40002'],
        [c, '198.51.100.2:40003'],
      ])
    }
    await eventually('a hears where b is', () => a.lan(demo.id, b.node))
    await eventually('b hears where a is', () => b.lan(demo.id, a.node))
    assert.deepEqual(a.lan(demo.id, b.node), [`192.168.1.3:${PORT}`])
    for (const viewer of [...relays, c]) {
      await eventually('the rest is known', () => viewer.hint(demo.id, b.node)?.nat === 'cone')
      for (const address of ['192.168.1.2', '192.168.1.3']) assert.ok(!viewer.heardOf(address), address)
    }
    await eventually('c is known', () => a.hint(demo.id, c.node)?.nat === 'cone')
    for (const viewer of [...relays, a, b]) assert.ok(!viewer.heardOf('192.168.1.4'))
    assert.ok(a.heardOf('198.51.100.2'), 'the search itself can find something')
  })

  it('holds no private endpoint of a member any more that has moved to another LAN', async () => {
    const relays = await joinRelays()
    const a = await join('a', ['192.168.2.2/24'])
    const b = await join('b', ['192.168.2.3/24'])
    for (const relay of relays) {
      relay.witness(demo.id, [
        [a, '198.51.100.3:40001'],
        [b, '198.51.100.3:40002'],
      ])
    }
    await eventually('they are neighbours', () => a.lan(demo.id, b.node))
    for (const relay of relays) relay.witness(demo.id, [[b, '198.51.100.4:40002']])
    await eventually('they are not any more', () => a.lan(demo.id, b.node) === undefined)
    b.report({ ...factsAt('192.168.2.33/24'), mtu: 1_400 })
    await eventually('the new facts have come', () => a.hint(demo.id, b.node)?.mtu === 1_400)
    assert.deepEqual(a.hint(demo.id, b.node)?.outside, '198.51.100.4:40002')
    assert.ok(!a.heardOf('192.168.2.33'))
  })

  it('holds private endpoints within a site that the operator named, for none but its members', async () => {
    const a = await join('a', ['10.20.0.2/16'], { site: 'berlin' })
    const b = await join('b', ['10.20.0.3/16'], { site: 'berlin' })
    const c = await join('c', ['10.20.0.4/16'], { site: 'paris' })
    await eventually('a hears where b is', () => a.lan(demo.id, b.node))
    assert.deepEqual(kinds(a, b), ['lan'])
    assert.deepEqual(kinds(a, c), [])
    for (const address of ['10.20.0.2', '10.20.0.3']) assert.ok(!c.heardOf(address))
    for (const viewer of [a, b]) assert.ok(!viewer.heardOf('10.20.0.4'))
  })

  it('is the same for all, but for those who share a LAN: nobody else gets a frame of his own', async () => {
    const town = ['10.20.2.2/16', '10.20.2.3/16'].map((address) => join('t', [address], { site: 'bergen' }))
    const open = ['203.0.113.20/24', '203.0.113.21/24'].map((address) => join('o', [address]))
    const [a, b, c, d] = await Promise.all([...town, ...open])
    assert.ok(a && b && c && d)
    await eventually('a hears where b is', () => a.lan(demo.id, b.node))
    for (const viewer of [a, b, c])
      await eventually('all hear of d', () => viewer.hint(demo.id, d.node)?.direct.length === 1)
    assert.deepEqual(c.hint(demo.id, d.node), a.hint(demo.id, d.node))
    for (const viewer of [c, d]) assert.deepEqual(viewer.framesOf('lan'), [])
    // The same bytes go to both of them, so each is told of itself as well.
    const told = a.framesOf('lan').flatMap(({ hints }) => hints)
    const both: readonly string[] = [a.node, b.node]
    for (const { node } of told) assert.ok(both.includes(node))
  })

  it('holds nothing any more of a member that was removed', async () => {
    const a = await join('a', ['10.20.1.2/16'], { site: 'oslo' })
    const b = await join('b', ['10.20.1.3/16'], { site: 'oslo' })
    await eventually('a hears where b is', () => a.lan(demo.id, b.node))
    await rig.controller.change({ actor: 'test' }, (state, tools) => removeNode(state, tools, b.node))
    await eventually('b is no neighbour any more', () => a.lan(demo.id, b.node) === undefined)
  })

  it('comes within a second of the report when a member moves', async () => {
    const a = await join('a', ['203.0.113.10/24'])
    const b = await join('b', ['203.0.113.11/24'])
    await eventually('b is known', () => a.hint(demo.id, b.node))
    const { sequence } = rig.controller.state
    const moved = performance.now()
    b.report(factsAt('203.0.113.99/24'))
    await eventually('its move is known', () =>
      a.hint(demo.id, b.node)?.direct.includes(`203.0.113.99:${PORT}`),
    )
    assert.ok(performance.now() - moved < 1_000)
    assert.equal(rig.controller.state.sequence, sequence, 'nothing of it enters the log')
  })

  it('holds nothing of what cannot be an address of a node', async () => {
    const a = await join('a', ['203.0.113.12/24'])
    const { ipv4 } = current()
    const inside = ipv4.replace('.0.0/16', '.9.9')
    const absurd = ['127.0.0.1/8', '169.254.1.1/16', '0.0.0.0/0', `${inside}/16`, 'fe80::1/64', 'nonsense']
    const b = await join('b', [...absurd, '203.0.113.13/24'])
    const hint = await eventually('b is known', () => a.hint(demo.id, b.node))
    assert.deepEqual(hint.direct, [`203.0.113.13:${PORT}`])
    assert.ok(!a.heardOf(inside))
  })

  it('does not follow the word of a node that is no relay on where others are', async () => {
    await joinRelays()
    const victim = await join('victim', ['192.168.3.2/24'])
    const liar = await join('liar', ['203.0.113.14/24'])
    const before = rig.controller.status.explain(current(), liar.node, victim.node)
    liar.witness(demo.id, [[victim, '203.0.113.66:1']])
    const [refusal] = await eventually('it is refused', () => {
      const errors = liar.framesOf('error')
      return errors.length > 0 ? errors : undefined
    })
    assert.deepEqual([refusal?.code, refusal?.message], ['protocol-error', 'Only a relay can be a witness.'])
    assert.deepEqual(rig.controller.status.explain(current(), liar.node, victim.node), before)
    assert.ok(agents.every((agent) => !agent.heardOf('203.0.113.66')))
  })

  it('follows the relay that is there when one that has left said something else', async () => {
    const [first, second] = await joinRelays()
    const member = await join('member', ['192.168.5.2/24'])
    for (const relay of [first, second]) relay.witness(demo.id, [[member, '198.51.100.6:40001']])
    await eventually('both are heard', () => first.hint(demo.id, member.node)?.nat === 'cone')
    second[Symbol.dispose]()
    await eventually('it has left', () => !rig.controller.status.node(second.node).online)
    first.witness(demo.id, [[member, '198.51.100.7:40001']])
    const hint = await eventually('the new place is known', () => {
      const last = first.hint(demo.id, member.node)
      return last?.outside === '198.51.100.7:40001' ? last : undefined
    })
    assert.equal(hint.nat, undefined, 'one word says nothing of other destinations')
  })

  it('holds the endpoint that an operator says is forwarded to a member, for the network with that port', async () => {
    const watcher = await join('watcher', ['203.0.113.15/24'])
    const forwarded = await join('forwarded', ['192.168.6.2/24'], { endpoint: `203.0.113.80:${PORT}` })
    const other = await join('other', ['192.168.6.3/24'], { endpoint: '203.0.113.80:7' })
    const hint = await eventually('it is known', () => watcher.hint(demo.id, forwarded.node))
    assert.deepEqual(hint.direct, [`203.0.113.80:${PORT}`])
    assert.deepEqual(kinds(watcher, forwarded)[0], 'direct')
    await eventually('the other is known', () => watcher.hint(demo.id, other.node))
    assert.deepEqual(watcher.hint(demo.id, other.node)?.direct, [])
  })

  it('does not follow a relay any more that was one', async () => {
    const [relay] = await joinRelays()
    const member = await join('member', ['192.168.4.2/24'])
    relay.witness(demo.id, [[member, '198.51.100.5:40001']])
    await eventually('its word counts', () => relay.hint(demo.id, member.node)?.outside)
    await rig.controller.change({ actor: 'test' }, (state, tools) => setRoles(state, tools, relay.node, []))
    relay.witness(demo.id, [[member, '203.0.113.66:1']])
    await eventually('it is refused', () => relay.framesOf('error').length > 0)
    assert.ok(agents.every((agent) => !agent.heardOf('203.0.113.66')))
  })
})

describe('The graph and the explanation of a link', () => {
  it('are not touched by what a node says of links it is no part of, or of itself in the name of others', async () => {
    await using rig = await startRig({ gatherMilliseconds: 20 })
    const { id } = await rig.createNetwork({ name: 'demo' })
    const join = async (name: string, networks: string[], address: string) =>
      RawAgent.join(await rig.joinToken({ networks }), {
        name,
        facts: { addresses: [address], ports: [{ network: id, port: PORT }] },
      })
    using a = await join('a', ['demo'], '203.0.113.1/24')
    using b = await join('b', ['demo'], '203.0.113.2/24')
    using c = await join('c', ['demo'], '203.0.113.3/24')
    using stranger = await join('stranger', [], '203.0.113.4/24')
    const links = async () => {
      const network = rig.controller.state.networks.get(id)
      assert.ok(network)
      return (await rig.controller.status.graph(network)).links
    }
    const between = async (one: RawAgent, other: RawAgent) =>
      (await links()).find((link) => [one, other].every(({ node }) => node === link.a || node === link.b))
    const before = await between(a, b)
    const lie = { endpoint: '198.51.100.9:9', handshakeAge: 1, rxBytes: 1e9, txBytes: 1e9 }
    for (const liar of [c, stranger]) {
      const peers = [a, b, c, stranger].map(({ node }) => ({ node, ...lie }))
      liar.send({ type: 'report', network: id, peers, drift: [] })
    }
    for (const other of [a, b])
      await eventually('its own links follow', async () => (await between(other, c))?.state === 'up')
    assert.deepEqual(await between(a, b), before)
    assert.equal((await links()).length, 3)
  })

  it('show what agents observe: lan, direct, punched and relayed, with the relay', async () => {
    await using rig = await startRig({ gatherMilliseconds: 20 })
    const { id } = await rig.createNetwork({ name: 'demo' })
    const join = async (name: string, addresses: string[]) =>
      RawAgent.join(await rig.joinToken({ networks: ['demo'] }), {
        name,
        facts: { addresses, ports: [{ network: id, port: PORT }] },
      })
    using relay = await join('relay', ['203.0.113.1/24'])
    using a = await join('a', ['192.168.1.2/24'])
    using b = await join('b', ['192.168.9.2/24'])
    await rig.controller.change({ actor: 'test' }, (state, tools) =>
      setRoles(state, tools, relay.node, ['relay']),
    )
    const link = async () => {
      const network = rig.controller.state.networks.get(id)
      assert.ok(network)
      const { links } = await rig.controller.status.graph(network)
      const [found] = links.filter((each) => [each.a, each.b].every((end) => end !== relay.node))
      assert.ok(found)
      return found
    }
    assert.deepEqual([(await link()).path, (await link()).via], ['none', undefined])
    assert.match((await link()).reason, /Not relayed: relay does not answer/)

    const attached = { relays: [{ node: relay.node, alive: true, rtt: 3 }] }
    a.report({ addresses: ['192.168.1.2/24'], ports: [{ network: id, port: PORT }], ...attached })
    b.report({ addresses: ['192.168.9.2/24'], ports: [{ network: id, port: PORT }], ...attached })
    await eventually('a relay is to be tried', async () => (await link()).path === 'relayed')
    assert.equal((await link()).via, relay.node)
    assert.notEqual((await link()).state, 'up')

    const network = rig.controller.state.networks.get(id)
    assert.ok(network)
    const { directions } = rig.controller.status.explain(network, a.node, b.node)
    const [through] = directions[0].candidates.taken
    const observe = (endpoint: string) =>
      a.send({
        type: 'report',
        network: id,
        peers: [{ node: b.node, endpoint, handshakeAge: 3, rxBytes: 10, txBytes: 20 }],
        drift: [],
      })
    const cases = [
      [through?.endpoint, 'relayed', relay.node],
      ['192.168.9.2:51820', 'lan', undefined],
      ['198.51.100.7:40001', 'punched', undefined],
    ] as const
    for (const [endpoint, path, via] of cases) {
      assert.ok(endpoint)
      observe(endpoint)
      await eventually(
        `${path} is in use`,
        async () => (await link()).state === 'up' && (await link()).path === path,
      )
      assert.equal((await link()).via, via)
    }
    b.report({ addresses: ['198.51.100.7/24'], ports: [{ network: id, port: PORT }] })
    await eventually('the address is its own', async () => (await link()).path === 'direct')
  })

  it('say of a node that two machines claim to be that it is, and nothing of one that moves', async () => {
    await using rig = await startRig({ gatherMilliseconds: 20 })
    const { id } = await rig.createNetwork({ name: 'demo' })
    const token = await rig.joinToken({ networks: ['demo'] })
    using first = await RawAgent.join(token, { name: 'clone', facts: factsOf(id, 'clone') })
    const problems = async () => {
      const network = rig.controller.state.networks.get(id) ?? assert.fail('the network is there')
      return (await rig.controller.status.graph(network)).nodes.flatMap((node) => node.problems)
    }
    const sessions: RawAgent[] = [first]
    for (let turn = 0; turn < 3; turn++) {
      assert.deepEqual(await problems(), [])
      sessions.push(await RawAgent.return(token, first.identity, [], factsOf(id, 'clone')))
      await eventually('the older one is ended', () => sessions.at(-2)?.isClosed)
    }
    assert.deepEqual(await problems(), [
      "clone is connected by turns from two machines: one has a copy of the other's state directory.",
    ])
    for (const session of sessions) session[Symbol.dispose]()
  })

  it('say of members that gateways bring together who carries, and how each link on the way is', async () => {
    await using rig = await startRig({ gatherMilliseconds: 20 })
    const { id } = await rig.createNetwork({ name: 'demo', topology: 'sites' })
    const join = async (name: string, site: string, address: string) =>
      RawAgent.join(await rig.joinToken({ networks: ['demo'], labels: { site } }), {
        name,
        facts: { addresses: [address], ports: [{ network: id, port: PORT }] },
      })
    using a = await join('a', 'oslo', '10.0.0.2/24')
    using b = await join('b', 'rome', '10.0.1.2/24')
    using gateOslo = await join('gate-oslo', 'oslo', '10.0.0.1/24')
    using gateRome = await join('gate-rome', 'rome', '203.0.113.1/24')
    const network = () => rig.controller.state.networks.get(id) ?? assert.fail('the network is there')
    assert.match(
      rig.controller.status.explain(network(), a.node, b.node).sentences[2] ?? '',
      /^They are in different sites, and a stands in site oslo, which has no gateway/,
    )
    for (const { node } of [gateOslo, gateRome])
      await rig.controller.change({ actor: 'test' }, (state, tools) =>
        setRoles(state, tools, node, ['gateway']),
      )
    const { sentences } = rig.controller.status.explain(network(), a.node, b.node)
    assert.deepEqual(sentences.slice(0, 3), [
      'a to b: carried by gate-oslo, then gate-rome, who can read it.',
      'b to a: carried by gate-rome, then gate-oslo, who can read it.',
      'In a network of topology sites the two are no peers of each other.',
    ])
    assert.match(
      sentences[3] ?? '',
      /^a to gate-oslo: no path is confirmed; to be tried are lan at 10\.0\.0\.1:/,
    )
    assert.match(
      sentences[4] ?? '',
      /^gate-oslo to gate-rome: no path is confirmed; to be tried are direct at/,
    )
    assert.equal(sentences.length, 6)
  })

  it('say of a node that offers the key of another why it is refused, and leave the other as it was', async () => {
    await using rig = await startRig({ gatherMilliseconds: 20 })
    const { id } = await rig.createNetwork({ name: 'demo', keyCustody: 'node' })
    const join = async (name: string) =>
      RawAgent.join(await rig.joinToken({ networks: ['demo'] }), { name, facts: factsOf(id, name) })
    const offer = async (agent: RawAgent, publicKey: string) => {
      const [wanted] = await eventually('a key is wanted', () => {
        const frames = agent.framesOf('key-wanted')
        return frames.length > 0 && frames
      })
      assert.ok(wanted)
      agent.send({ type: 'key', network: id, keyVersion: wanted.keyVersion, publicKey })
    }
    using victim = await join('victim')
    using thief = await join('thief')
    const { publicKey } = createKeyPair(systemRandom)
    await offer(victim, publicKey)
    const keyOf = ({ node }: RawAgent) => rig.controller.state.networks.get(id)?.members.get(node)?.publicKey
    await eventually('it is certified', () => keyOf(victim))
    const { sequence } = rig.controller.state
    await offer(thief, publicKey)
    const network = () => rig.controller.state.networks.get(id) ?? assert.fail('the network is there')
    const graph = await eventually('it is refused', async () => {
      const found = await rig.controller.status.graph(network())
      return found.nodes.some(({ state }) => state === 'refused') && found
    })
    const reason = 'thief has not applied what is wanted: The offered key is in use by another member.'
    assert.deepEqual(graph.nodes.map(({ name, problems }) => [name, problems]).toSorted(), [
      ['thief', [reason]],
      ['victim', []],
    ])
    assert.ok(graph.links[0]?.reason.endsWith(reason), graph.links[0]?.reason)
    const explained = rig.controller.status.explain(network(), victim.node, thief.node)
    assert.equal(explained.sentences.at(-1), reason)
    assert.deepEqual([keyOf(victim), keyOf(thief)], [publicKey, undefined])
    assert.equal(rig.controller.state.sequence, sequence, 'nothing of it enters the log')
  })

  it('say what was reported and cannot be: of addresses, of clocks that jump, of handshakes that only one end knows of', async () => {
    await using rig = await startRig({ gatherMilliseconds: 20 })
    const { id, ipv4 } = await rig.createNetwork({ name: 'demo' })
    const join = async (name: string, facts: Partial<Facts>) =>
      RawAgent.join(await rig.joinToken({ networks: ['demo'] }), {
        name,
        facts: { ...factsOf(id, name), ...facts },
      })
    const inside = ipv4.replace('.0.0/16', '.9.9/16')
    using a = await join('a', { addresses: ['203.0.113.1/24'], time: Date.now() })
    using b = await join('b', { addresses: ['203.0.113.1/24', inside], time: Date.now() - 7_200_000 })
    const network = () => rig.controller.state.networks.get(id) ?? assert.fail('the network is there')
    const reason = async () => (await rig.controller.status.graph(network())).links[0]?.reason ?? ''
    await eventually('both are known', async () => (await reason()).includes('both say that'))
    assert.match(await reason(), /a and b both say that 203\.0\.113\.1:51820 is theirs|b and a both say/)
    assert.ok((await reason()).includes(`b reports the address '${inside}', which lies in the range`))
    assert.match(await reason(), /b has a clock that is 7[12]\d\d s behind that of the controller/)
    assert.doesNotMatch(await reason(), /a has a clock/)

    b.report({ ...factsOf(id, 'b'), addresses: ['203.0.113.2/24'], time: Date.now() })
    await eventually('all is well', async () => !/both say|reports|clock/.test(await reason()))
    const claim = (from: RawAgent, of: RawAgent, handshakeAge: number, endpoint: string) =>
      from.send({
        type: 'report',
        network: id,
        peers: [{ node: of.node, endpoint, handshakeAge, rxBytes: 1, txBytes: 1 }],
        drift: [],
      })
    claim(a, b, 1, '0.0.0.0:9')
    claim(b, a, Number.MAX_SAFE_INTEGER, '203.0.113.1:51820')
    await eventually('they contradict each other', async () => (await reason()).includes('disagree'))
    assert.ok((await reason()).includes("a says that b sends from '0.0.0.0:9', from where nobody can."))
    const [link] = (await rig.controller.status.graph(network())).links
    assert.notEqual(link?.path, 'lan', 'an endpoint that cannot be is no path')
  })
})

function factsOf(network: string, name: string): Partial<Facts> {
  return {
    addresses: [name === 'thief' ? '203.0.113.9/24' : '203.0.113.8/24'],
    ports: [{ network, port: PORT }],
  }
}
