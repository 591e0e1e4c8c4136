import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type AgentFrame, parseControllerFrame } from '../../src/protocol/frames.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { findNetwork, findNode } from '../lookup.ts'
import { RawAgent } from '../rawagent.ts'
import { allApplied, eventually, startRig } from '../rig.ts'
import { identity, Stage } from './stage.ts'

const REFUSES = 'EISDIR: illegal operation on a directory'

describe('A node whose disk takes nothing', () => {
  it('goes on with the network as with any other, says why nothing is kept, and keeps it all later', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const node = await stage.start(mesh)
    const name = await stage.join(node, mesh)
    const port = await stage.portOf(name)
    const said: AgentFrame[] = []
    const of = (type: AgentFrame['type']) => said.filter((frame) => frame.type === type)
    node.attach((frame) => said.push(frame))

    const full = await stage.block()
    await node.take(parseControllerFrame(mesh.add(3)))
    await eventually('it is seen', () => node.greeting().facts.disk === REFUSES)
    assert.equal(of('applied').length, 1)
    assert.deepEqual(of('refused'), [])
    const facts = of('facts').at(-1)
    assert.ok(facts?.type === 'facts' && facts.facts.disk === REFUSES, 'the controller is told')
    assert.deepEqual(facts.facts.ports, [{ network: mesh.network, port }])

    const device = await stage.driver.open(name)
    await device.apply([{ kind: 'remove-peer', publicKey: mesh.keyOf(1) }])
    await node.inspect()
    assert.equal(await stage.peersOf(name), 3)
    const drift = said.flatMap((frame) => (frame.type === 'report' ? frame.drift : []))
    assert.deepEqual(drift, [`the peer ${mesh.keyOf(1)} was missing or changed`])
    await node.take(parseControllerFrame(mesh.head()))
    assert.equal(of('applied').length, 2, 'who asks is answered at once')

    await full[Symbol.asyncDispose]()
    await stage.until('it is kept', async () => node.greeting().facts.disk === undefined)
    await stage.driver.remove(name)
    await stage.start(mesh)
    assert.equal(await stage.peersOf(name), 3, 'another run has all of it')
  })

  it('asks for all of it when more came than can wait for the disk, and says until then that it is not kept', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const node = await stage.start(mesh)
    const name = await stage.join(node, mesh)
    const before = await stage.files()
    const said: AgentFrame[] = []
    node.attach((frame) => said.push(frame))
    const asked = () => said.filter(({ type }) => type === 'resync').length
    const full = await stage.block()
    await node.take(parseControllerFrame(mesh.add(3)))
    const self = parseControllerFrame(mesh.self())
    for (let count = 0; count < 4_096; count++) await node.take(self)
    await stage.until('it asks', async () => asked() === 1)
    await full[Symbol.asyncDispose]()
    await stage.until('it asks again, as no answer comes', async () => asked() === 3)
    assert.equal(node.greeting().facts.disk, REFUSES)
    assert.deepEqual(await stage.files(), before, 'older, and whole')

    await node.take(parseControllerFrame(mesh.head()))
    await stage.until('it is kept', async () => node.greeting().facts.disk === undefined)
    await stage.driver.remove(name)
    await stage.start(mesh)
    assert.equal(await stage.peersOf(name), 3, 'another run has all of it')
  })

  it('says at which port it was while its interface cannot be changed', async () => {
    await using stage = await Stage.open()
    const { driver } = stage
    const mesh = new PaperMesh(identity, 2)
    const node = await stage.start(mesh)
    const name = await stage.join(node, mesh)
    const ports = [{ network: mesh.network, port: await stage.portOf(name) }]
    const said: AgentFrame[] = []
    node.attach((frame) => said.push(frame))
    driver.changing = Promise.reject(new Error('Device or resource busy'))
    driver.changing.catch(() => undefined)
    await node.take(parseControllerFrame(mesh.add(3)))
    await eventually('it has failed', () => said.some(({ type }) => type === 'refused'))
    assert.deepEqual(node.greeting().facts.ports, ports)
    driver.changing = Promise.resolve()
    await driver.remove(name)
    await stage.until('it is made again', async () => (await stage.peersOf(name)) === 3)
    assert.equal(await stage.portOf(name), ports[0]?.port, 'it may have its own port again')
  })

  it('is reached by all others, also by those who come when the controller begins anew, and its problem is shown', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'weft-disk-'))
    await using rig = await startRig()
    const demo = () => findNetwork(rig.controller.state, 'demo')
    const problems = async () =>
      (await rig.controller.status.graph(demo())).nodes.flatMap((node) => node.problems)
    try {
      await rig.createNetwork({ name: 'demo' })
      const token = await rig.joinToken({ networks: ['demo'], uses: 3 })
      // Nor can be kept whom it obeys.
      const enrolment = join(stateDir, 'controller.json')
      await mkdir(enrolment)
      rig.startAgent({ join: token, name: 'one', stateDir })
      await eventually('it has joined', () => demo().members.size === 1 && allApplied(rig.controller, 'demo'))
      const { id } = findNode(rig.controller.state, 'one')
      await eventually('the operator sees that', async () => (await problems()).length > 0)
      assert.deepEqual(await problems(), [problem(`${REFUSES} (controller.json)`)])
      await rm(enrolment, { recursive: true })
      await eventually('it is told that this is over', async () => (await problems()).length === 0, 40_000)
      const kept: unknown = JSON.parse(await readFile(enrolment, 'utf8'))
      assert.ok(kept instanceof Object && 'controllerKey' in kept)
      assert.equal(rig.lines.filter((line) => line.includes('"connected"')).length, 1, 'by the same session')

      const [file = assert.fail()] = await readdir(join(stateDir, 'networks'))
      const journal = join(stateDir, 'networks', file)
      await rm(journal)
      await mkdir(journal)
      using _second = await RawAgent.join(token, { name: 'two' })
      await eventually('the operator sees it', async () => (await problems()).length > 0)
      assert.deepEqual(await problems(), [problem(REFUSES)])
      await rig.restart()
      await eventually('it is back', () => rig.controller.status.node(id).online)
      using third = await RawAgent.join(token, { name: 'three', facts: { addresses: ['203.0.113.10/24'] } })
      await eventually('where it is is told to who comes then', () => third.hint(demo().id, id))
      const progress = () =>
        rig.controller.status.convergence(demo()).items.find(({ node }) => node === id)?.progress
      await eventually('it has applied all', () => progress() === 'applied')
    } finally {
      await rm(stateDir, { recursive: true, force: true })
    }
  })
})

function problem(fault: string): string {
  return `one cannot keep what it is told, by its disk: '${fault}'. What is applied there goes on; after a restart its agent begins with what it kept before.`
}
