import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { removeNode } from '../../../src/controller/commands/node.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { toBase64Url } from '../../../src/keys/text.ts'
import type { ObservedDevice } from '../../../src/wireguard/device.ts'
import type { MemoryDriver } from '../../../src/wireguard/memory.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { allApplied, eventually, type Rig, removeFrom, startRig } from '../../rig.ts'

describe('A network of agents', () => {
  it('comes to be from one call and one token, and every member has every other as a peer', async () => {
    await using rig = await startRig()
    const agents = await form(rig, ['a', 'b', 'c', 'd', 'e'])
    for (const { driver } of agents) assert.equal((await deviceOf(driver))?.peers.size, 4)
  })

  it('lets exactly one of many in that come with the same single-use token at once', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 1 })
    const agents = Array.from({ length: 12 }, (_, at) => rig.startAgent({ join, name: `n${at}` }))
    const refusals: string[] = []
    for (const { done } of agents) done.catch((error) => refusals.push(error.code))
    await eventually('eleven are refused', () => refusals.length === 11)
    assert.deepEqual(new Set(refusals), new Set(['token-spent']))
    assert.equal(rig.controller.state.nodes.size, 1)
  })

  it('loses a removed member at every connected peer within a second', async () => {
    await using rig = await startRig()
    const agents = await form(rig, ['a', 'b', 'c', 'd'])
    const key = findNetwork(rig.controller.state, 'demo').members.get(
      findNode(rig.controller.state, 'b').id,
    )?.publicKey
    assert.ok(key)
    const before = performance.now()
    await rig.removeMember('demo', 'b')
    await eventually('b is nobody’s peer', async () => {
      const devices = await Promise.all(agents.map(({ driver }) => deviceOf(driver)))
      return devices.every((device) => !device?.peers.has(key))
    })
    assert.ok(performance.now() - before < 1_000)
    await eventually(
      'b has no interface any more',
      async () => (await deviceOf(agents[1]?.driver)) === undefined,
    )
  })

  it('gives a member that returns its addresses back, and a new key', async () => {
    await using rig = await startRig()
    await form(rig, ['a', 'b'])
    const before = member(rig, 'b')
    await rig.removeMember('demo', 'b')
    await rig.addMember('demo', 'b')
    await eventually('both have applied', () => allApplied(rig.controller, 'demo'))
    const after = member(rig, 'b')
    assert.equal(after?.slot, before?.slot)
    assert.ok((after?.keyVersion ?? 0) > (before?.keyVersion ?? 0))
    assert.notEqual(after?.publicKey, before?.publicKey)
  })

  it('goes on over a restart of the controller, and resumes with less than 1 KB for each agent', async () => {
    await using rig = await startRig()
    const agents = await form(rig, ['a', 'b', 'c'])
    await rig.restart()
    await eventually('all are current again', () => allApplied(rig.controller, 'demo'))
    assert.ok((await bytesSent(rig)) < 3 * 1_024)
    await rig.removeMember('demo', 'c')
    await eventually('a follows', async () => (await deviceOf(agents[0]?.driver))?.peers.size === 1)
  })

  it('tells an agent that was away what it missed, and a removed one that it is out, before anything else', async () => {
    await using rig = await startRig()
    const [, , c] = await form(rig, ['a', 'b', 'c'])
    await rig.stopController()
    await rig.startController((controller) => removeFrom(controller, 'demo', 'c'))
    await eventually('c has no interface any more', async () => (await deviceOf(c?.driver)) === undefined)
  })

  it('takes keys that nodes derive themselves, when the custody is theirs', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo', keyCustody: 'node' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 2 })
    const agents = ['a', 'b'].map((name) => rig.startAgent({ join, name }))
    await eventually('both have applied', () => size(rig) === 2 && allApplied(rig.controller, 'demo'))
    assert.equal(member(rig, 'a')?.sealedKey, undefined)
    assert.equal((await deviceOf(agents[0]?.driver))?.publicKey, member(rig, 'a')?.publicKey)
  })

  it('comes back to the same plan after the disk of a node was wiped, but for its identity', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const identity = toBase64Url(systemRandom(32))
    const join = await rig.joinToken({ networks: ['demo'], uses: 5 })
    rig.startAgent({ join, name: 'b' })
    const first = rig.startAgent({ join, name: 'a', identity })
    await eventually('both have applied', () => size(rig) === 2 && allApplied(rig.controller, 'demo'))
    const before = await deviceOf(first.driver)
    await first.stop()
    assert.equal(await deviceOf(first.driver), undefined, 'a token run leaves nothing behind')
    const again = rig.startAgent({ join, name: 'a', identity })
    const after = await eventually('the interface is back', () => deviceOf(again.driver))
    assert.equal(after.publicKey, before?.publicKey)
    assert.deepEqual(after.addresses, before?.addresses)
    assert.equal(rig.controller.state.nodes.size, 2)
  })

  it('sends a removed node away for good, and the node takes everything down', async () => {
    await using rig = await startRig()
    const [a] = await form(rig, ['a', 'b'])
    await rig.controller.change({ actor: 'test' }, (state, tools) =>
      removeNode(state, tools, findNode(state, 'a').id),
    )
    await assert.rejects(a?.done ?? Promise.resolve(), { code: 'forbidden' })
    assert.equal(await deviceOf(a?.driver), undefined)
  })

  it('is put right where somebody changed an interface by hand, and the change is reported', async () => {
    await using rig = await startRig()
    const [a] = await form(rig, ['a', 'b'], { reportSeconds: 0.1 })
    const [name] = (await a?.driver.list('wf')) ?? []
    assert.ok(a && name)
    const device = await a.driver.open(name)
    // Until it has the endpoint a plan is still on its way, which would put the peer right before anybody looks.
    const peer = await eventually('a plan with the endpoint of the peer is applied', async () => {
      const [found] = (await device.observe()).peers.values()
      return found?.endpoint ? found : undefined
    })
    await device.apply([{ kind: 'remove-peer', publicKey: peer.publicKey }])
    await eventually('the peer is back', async () => (await deviceOf(a.driver))?.peers.has(peer.publicKey))
    await eventually('it was reported', () =>
      rig.lines.some((line) => line.includes('agent repaired its interface')),
    )
  })

  it('moves to another port when its own is taken, and the new one reaches the peers', async () => {
    const { MemoryDriver } = await import('../../../src/wireguard/memory.ts')
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 2 })
    const usual = { join, name: 'a', listenPort: 51_820 }
    rig.startAgent(usual, new MemoryDriver({ takenPorts: new Set([51_820, 51_821]) }))
    const b = rig.startAgent({ join, name: 'b' })
    await eventually('b knows the port', async () => {
      const peers = (await deviceOf(b.driver))?.peers.values() ?? []
      return [...peers].some(({ endpoint }) => endpoint?.endsWith(':51822'))
    })
  })

  it('reports an interface that cannot be changed, keeps what it has, and applies as soon as it can', async () => {
    const { MemoryDriver } = await import('../../../src/wireguard/memory.ts')
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 2 })
    rig.startAgent({ join, name: 'a' }, new MemoryDriver({ failingStep: 4 }))
    await eventually('it was refused', () => rig.lines.some((line) => line.includes('agent could not apply')))
    await eventually('it is applied in the end', () => size(rig) === 1 && allApplied(rig.controller, 'demo'))
  })

  it('lets an agent go that is stopped at the very moment it is let in', async () => {
    await using rig = await startRig()
    const join = await rig.joinToken({ uses: 1 })
    const agent = rig.startAgent({ join, name: 'a' })
    // The agent has not heard yet what the controller has just decided.
    rig.lines.push = (...lines) => {
      if (lines.some((line) => line.includes('agent connected'))) void agent.stop()
      return Array.prototype.push.apply(rig.lines, lines)
    }
    let ended = false
    agent.done.finally(() => {
      ended = true
    })
    await eventually('it ends', () => ended)
  })

  it('finds an agent that does not answer any more within three heartbeats', async () => {
    await using rig = await startRig({ heartbeatSeconds: 0.2 })
    const [a] = await form(rig, ['a', 'b'])
    assert.ok(a)
    const node = findNode(rig.controller.state, 'a').id
    await a.stop()
    await eventually('a shows as gone', () => !rig.controller.status.node(node).online, 600)
  })
})

async function form(rig: Rig, names: readonly string[], settings = {}) {
  await rig.createNetwork({ name: 'demo' })
  const join = await rig.joinToken({ networks: ['demo'], uses: names.length })
  const agents = names.map((name) => rig.startAgent({ join, name, ...settings }))
  await eventually(
    'all members have applied',
    () => size(rig) === names.length && allApplied(rig.controller, 'demo'),
  )
  return agents
}

function size(rig: Rig): number {
  return findNetwork(rig.controller.state, 'demo').members.size
}

function member(rig: Rig, name: string) {
  return findNetwork(rig.controller.state, 'demo').members.get(findNode(rig.controller.state, name).id)
}

async function deviceOf(driver: MemoryDriver | undefined): Promise<ObservedDevice | undefined> {
  const [name] = (await driver?.list('wf')) ?? []
  return name && (await driver?.open(name))?.observe()
}

/** Bytes of frames that the controller has sent since it was started. */
async function bytesSent(rig: Rig): Promise<number> {
  const metric = await rig.controller.metrics.getSingleMetric('weft_agent_bytes_sent_total')?.get()
  return metric?.values[0]?.value ?? Number.NaN
}
