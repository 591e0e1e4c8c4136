import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WeftError } from '../../../src/errors.ts'
import type { Facts } from '../../../src/protocol/frames.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'

describe('One agent that says too much', () => {
  it('moves in the eyes of the others a few times a second, where it said last', async () => {
    await using rig = await startRig({ gatherMilliseconds: 1 })
    const { network, agent, other } = await pair(rig)
    using _agent = agent
    using _other = other
    const reported = () =>
      rig.controller.status.member(findNetwork(rig.controller.state, 'demo'), agent.node).listenPort
    agent.report(factsAt(network, 1_024))
    await allRead(agent)
    assert.equal(reported(), 1_024, 'what it says first counts at once')
    const known = hintsIn(other)
    for (let port = 2_000; port < 3_000; port++) {
      agent.report(factsAt(network, port))
      if (port % 10 === 0) await new Promise(setImmediate)
    }
    await eventually('what it says last counts in the end', () => reported() === 2_999)
    const pushed = hintsIn(other) - known
    assert.ok(pushed > 0 && pushed <= 200, `${pushed} changes were pushed`)
  })

  it('does not fill our log: the first lines are written, and how many were left out', async () => {
    await using rig = await startRig()
    const { network, agent, other } = await pair(rig)
    using _agent = agent
    using _other = other
    const before = rig.lines.length
    const drift = Array.from({ length: 100 }, () => 'x'.repeat(500))
    for (let at = 0; at < 300; at++) {
      agent.send({
        type: 'refused',
        network,
        epoch: 1,
        revision: 1,
        code: 'conflict',
        reason: 'y'.repeat(500),
      })
      agent.send({ type: 'report', network, peers: [], drift })
      agent.send({ type: 'hello' } as never)
    }
    const standing = () => rig.controller.status.member(findNetwork(rig.controller.state, 'demo'), agent.node)
    await eventually('all of it was read', () => agent.framesOf('error').length === 300)
    assert.equal(standing().state, 'refused', 'it counts, though it is not written')
    const written = rig.lines.slice(before).filter((line) => line.includes('"level":40'))
    assert.ok(written.length >= 30 && written.length <= 40, `${written.length} lines`)
    assert.ok(written.join('').length < 300_000, `${written.join('').length} bytes`)
    await eventually('what was left out is counted with the next line', () => {
      agent.send({ type: 'report', network, peers: [], drift: ['the port was 1'] })
      return rig.lines.some((line) => /"leftOut":\d{3}/.test(line))
    })
  })

  it('gains nothing by coming back: what it says then counts, too, and in the end it is turned away', async () => {
    await using rig = await startRig({ gatherMilliseconds: 1 })
    const { network, agent, other, token } = await pair(rig)
    using _other = other
    const start = performance.now()
    for (let port = 2_000; port < 2_130; port++) agent.report(factsAt(network, port))
    await allRead(agent)
    const port = () =>
      rig.controller.status.member(findNetwork(rig.controller.state, 'demo'), agent.node).listenPort
    await eventually('nothing more is on its way', () =>
      other.hint(network, agent.node)?.direct.some((endpoint) => endpoint.endsWith(`:${port()}`)),
    )
    agent[Symbol.dispose]()
    const [known, told] = [hintsIn(other), rig.lines.length]
    const come = (port: number) => RawAgent.return(token, agent.identity, [], factsAt(network, port))
    const tried = await Promise.allSettled(Array.from({ length: 45 }, (_, at) => come(3_000 + at)))
    const refused = tried.filter((one) => one.status === 'rejected')
    assert.ok(refused.length > 0 && refused.length <= 16, `${refused.length} were turned away`)
    assert.ok(
      refused.every(({ reason }) => reason.code === 'unavailable' && /more than one/.test(reason.message)),
    )
    const turned = rig.lines.slice(told).filter((line) => line.includes('agent turned away')).length
    assert.ok(turned > 0 && turned <= refused.length)
    const pushed = hintsIn(other) - known
    const due = Math.ceil(((performance.now() - start) / 1_000) * 2) + 2
    assert.ok(pushed <= due, `${pushed} changes were pushed, of ${due} that may be`)
    using _back = await eventually('it may come again', () => come(4_000).catch(() => undefined), 20_000)
    await eventually('what it says last counts in the end', () => port() === 4_000)
  })

  it('is heard a few times with what it shows, never with a key that nobody wants, and cut off with what is no frame', async () => {
    await using rig = await startRig()
    const { network, agent, other } = await pair(rig)
    using _agent = agent
    using _other = other
    const before = rig.lines.length
    const [publicKey, signature] = [`${'A'.repeat(42)}E=`, 'A'.repeat(86)]
    for (let at = 0; at < 300; at++) {
      agent.send({ type: 'key', network, keyVersion: 1, publicKey })
      agent.send({ type: 'proof', network, kind: 'self', body: 'AAAA', signature })
    }
    await allRead(agent)
    const looked = agent.framesOf('error').filter(({ code }) => code === 'digest-mismatch').length
    assert.ok(looked >= 100 && looked <= 150, `${looked} were looked at`)
    assert.ok(!rig.lines.slice(before).some((line) => line.includes('offered key refused')))
    const standing = () => rig.controller.status.member(findNetwork(rig.controller.state, 'demo'), agent.node)
    assert.notEqual(standing().state, 'refused', 'nobody asked it')

    for (let at = 0; at < 3_000; at++) agent.send({ type: 'hello' } as never)
    await eventually('it is cut off', () => agent.isClosed)
    const told = agent.framesOf('error').filter(({ code }) => code === 'protocol-error').length
    assert.ok(told <= 2_200, `${told} were answered`)
    assert.ok(!other.isClosed)
    using back = await RawAgent.return(await rig.joinToken({}), agent.identity, [])
    back.send({ type: 'hello' } as never)
    await eventually('it is no better in another session', () => {
      for (let at = 0; at < 10; at++) back.send({ type: 'hello' } as never)
      return back.isClosed
    })
  })

  it('is read no more for a while, and then read on, so that it holds nobody else up', async () => {
    await using rig = await startRig()
    const { network, agent, other } = await pair(rig)
    using _agent = agent
    using _other = other
    const position = { network, epoch: 1, revision: 1, digest: 'A'.repeat(22) }
    const start = performance.now()
    for (let at = 0; at < 6_500; at++) agent.send({ type: 'applied', ...position, took: 1 })
    const last = allRead(agent, 30_000)
    await allRead(other)
    await last
    const took = performance.now() - start
    assert.ok(took > 900, `all was read within ${Math.round(took)} ms`)
    assert.ok(!agent.isClosed)
  })

  it('is told as often what it should be a witness of as what else it asks for', async () => {
    await using rig = await startRig()
    const { network, agent, other } = await pair(rig)
    using _agent = agent
    using _other = other
    for (let at = 0; at < 300; at++) {
      agent.send({
        type: 'have',
        networks: [],
        facts: { ...NO_FACTS, ...factsAt(network, 1_024) },
        witnesses: 'A'.repeat(22),
      })
    }
    await allRead(agent)
    const answers = agent.framesOf('witness').length
    assert.ok(answers >= 100 && answers <= 200, `${answers} answers`)
  })
})

describe('The key that an agent offers', () => {
  it('is asked for again when the log could not take it for a moment, and that is not laid to the agent', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo', keyCustody: 'node' })
    const { controller } = rig
    const change = controller.change.bind(controller)
    let [failures, isWell] = [0, true]
    controller.change = (request, decide) => {
      if (request.origin?.via !== 'agent' || isWell) return change(request, decide)
      failures += 1
      isWell = true
      return Promise.reject(new WeftError('store-unavailable', 'The log changes its hands.'))
    }
    const join = await rig.joinToken({})
    rig.startAgent({ join, name: 'one' })
    await eventually('it has joined', () => controller.state.nodes.size === 1, 20_000)
    isWell = false
    await rig.addMember('demo', 'one')
    await eventually('it could not be certified', () => failures === 1)
    const { node } = memberOf(rig)
    assert.equal(controller.status.member(findNetwork(controller.state, 'demo'), node).state, 'pending')
    await eventually('it is certified', () => memberOf(rig).publicKey, 15_000)
    assert.ok(
      rig.lines.some((line) => line.includes('asked for again') && line.includes('store-unavailable')),
    )
  })
})

const NO_FACTS: Facts = { addresses: [], mtu: 1_500, ports: [], device: 'memory', version: '0' }

function factsAt(network: string, port: number): Partial<Facts> {
  return { addresses: ['203.0.113.1/24'], ports: [{ network, port }] }
}

/** Changes of where somebody is that an agent was told of. */
function hintsIn(agent: RawAgent): number {
  return agent.framesOf('hints').length
}

function memberOf({ controller }: Rig) {
  const [member] = findNetwork(controller.state, 'demo').members.values()
  assert.ok(member)
  return member
}

/** Resolves when what was sent so far was taken: what is out of place is answered at once. */
async function allRead(agent: RawAgent, limit?: number): Promise<void> {
  const known = agent.framesOf('error').length
  agent.send({ type: 'hello' } as never)
  await eventually('all of it was read', () => agent.framesOf('error').length > known, limit)
}

/** Two members of a network. */
async function pair(rig: Rig) {
  const { id: network } = await rig.createNetwork({ name: 'demo' })
  const token = await rig.joinToken({ networks: ['demo'], uses: 2 })
  const agent = await RawAgent.join(token, { name: 'agent' })
  const other = await RawAgent.join(token, { name: 'other' })
  await eventually('both are told of each other', () =>
    [agent, other].every((each) => each.view(network).nodes().length === 2),
  )
  assert.equal(findNode(rig.controller.state, 'agent').id, agent.node)
  return { network, agent, other, token }
}
