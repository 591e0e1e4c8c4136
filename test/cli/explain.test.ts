import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RawAgent } from '../rawagent.ts'
import { eventually } from '../rig.ts'
import { ControllerProcess } from './fixture.ts'

describe('weft explain, graph and node roles', () => {
  let controller: ControllerProcess
  let demo: string
  const agents: RawAgent[] = []
  before(async () => {
    controller = await ControllerProcess.start()
    demo = JSON.parse(await done('network', 'create', 'demo', '--json')).id
    const relay = await join('edge-1', { addresses: ['203.0.113.1/24'] })
    const relays = [{ node: relay.node, alive: true, rtt: 3 }]
    await join('web-1', { addresses: ['192.168.1.2/24'], relays })
    await join('db-1', { addresses: ['192.168.7.2/24'], relays })
  })
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]()
    await controller[Symbol.asyncDispose]()
  })

  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await controller.weft(...args)
    assert.deepEqual([code, stderr], [0, ''], args.join(' '))
    return stdout
  }

  async function join(name: string, facts: object): Promise<RawAgent> {
    // The relay is no member: its name has to be found all the same.
    const networks = name === 'edge-1' ? [] : ['--network', 'demo']
    const { token } = JSON.parse(await done('token', 'create', ...networks, '--json'))
    const agent = await RawAgent.join(token, {
      name,
      facts: { ports: [{ network: demo, port: 51_820 }], ...facts },
    })
    agents.push(agent)
    return agent
  }

  it('says that there is no path, why, and what to do', async () => {
    const text = await done('explain', 'demo', 'web-1', 'db-1')
    assert.match(text, /^web-1 to db-1: no path\.\ndb-1 to web-1: no path\.\n\n/)
    assert.match(text, /^web-1 to db-1: there is nothing to try\.$/m)
    assert.match(text, /^Why not better:\n {2}Not lan: web-1 and db-1 are not known to share a LAN/m)
    assert.match(
      text,
      /^What to do:\n {2}Give a third node, one that both can reach, the role of a relay\.\n$/m,
    )
  })

  it('gives a node its roles, shows them, and takes them away without asking', async () => {
    assert.match(await done('node', 'roles', 'edge-1', 'gateway', 'hub'), /^roles +gateway, hub$/m)
    assert.match(await done('node', 'list'), /^edge-1 .* gateway, hub /m)
    assert.match(await done('node', 'roles', 'edge-1'), /^roles +-$/m)
    const set = JSON.parse(await done('node', 'roles', 'edge-1', 'relay', '--json'))
    assert.deepEqual([set.name, set.roles], ['edge-1', ['relay']])
    assert.match(await done('network', 'list'), /^weft-transit +net-\S+ +transit /m)
  })

  it('shows a table of what is tried for each direction, with the relay by its name', async () => {
    const text = await done('explain', 'demo', 'web-1', 'db-1')
    const tables = text.match(/ what is tried, best first:\nPATH +ENDPOINT +VIA +MTU +KEEPALIVE\n/g)
    assert.equal(tables?.length, 2)
    assert.match(text, /^relayed +\[fd\S+\]:51820 +edge-1 +1328 +-$/m)
    assert.match(text, /^ {2}Not punched: No relay has seen the outside port of web-1 yet/m)
  })

  it('shows what is in use in the explanation and in the graph', async () => {
    const [, web, db] = agents
    const paths = JSON.parse(await done('explain', 'demo', 'web-1', 'db-1', '--json'))
    const { endpoint } = paths.directions[0].candidates[0]
    const peer = { node: db?.node ?? '', endpoint, handshakeAge: 2, rxBytes: 1, txBytes: 2 }
    web?.send({ type: 'report', network: demo, peers: [peer], drift: [] })
    const graph = await eventually('it is in use', async () => {
      const text = await done('graph', 'demo')
      return /relayed via edge-1/.test(text) && / up /.test(text) && text
    })
    assert.match(graph, /^NODE +ONLINE +ROLES +IPV4/)
    assert.match(graph, /^(web-1 - db-1|db-1 - web-1) +up +relayed via edge-1 +/m)
    const text = await done('explain', 'demo', 'web-1', 'db-1')
    assert.match(text, /^web-1 to db-1: relayed through edge-1, confirmed by a handshake\.\n/)
  })

  it('says who has to begin, where only one end can', async () => {
    agents[2]?.report({ addresses: ['203.0.113.7/24'], ports: [{ network: demo, port: 51_820 }] })
    await eventually('it is known', async () => {
      const text = await done('explain', 'demo', 'web-1', 'db-1')
      return /^direct +203\.0\.113\.7:51820 +- +1420 +every 25 s$/m.test(text) && text
    })
    const text = await done('explain', 'demo', 'db-1', 'web-1')
    assert.match(text, /^direct +web-1 has to begin +- +1420 +-$/m)
  })

  it('says what an agent reports that cannot be, as the graph does', async () => {
    const addresses = ['203.0.113.7/24', '127.0.0.1/8']
    agents[2]?.report({ addresses, ports: [{ network: demo, port: 51_820 }] })
    const absurd = "db-1 reports the address '127.0.0.1/8', to which no other machine can send."
    const graph = await eventually('it is known', async () => {
      const text = await done('graph', 'demo')
      return text.includes(absurd) && text
    })
    assert.ok(graph.split('\n').includes(absurd), 'below the nodes')
    const text = await done('explain', 'demo', 'web-1', 'db-1')
    assert.ok(text.includes(`\nAlso:\n  ${absurd}\n`), text)
  })

  it('is refused for the transit, and for one node', async () => {
    const added = await controller.weft('member', 'add', 'weft-transit', 'web-1')
    assert.deepEqual([added.code, /kept by the controller itself/.test(added.stderr)], [4, true])
    const same = await controller.weft('explain', 'demo', 'web-1', 'web-1')
    assert.deepEqual([same.code, /the same node/.test(same.stderr)], [2, true])
  })
})
