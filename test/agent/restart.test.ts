import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NODE_REMOVED } from '../../src/agent/kept.ts'
import type { Node } from '../../src/agent/node.ts'
import { parseControllerFrame } from '../../src/protocol/frames.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { eventually } from '../rig.ts'
import { identity, removalOf, Stage } from './stage.ts'

const HOUR = 3_600_000

function named(node: Node): readonly string[] {
  return node.greeting().networks.map(({ network }) => network)
}

describe('A node that starts again, with a kept plan that cannot be carried out at once', () => {
  it('keeps it, says that it has it, and carries it out a moment later without a controller', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const name = await stage.join(await stage.start(mesh), mesh)
    await stage.driver.remove(name)
    stage.driver.failingOpens = 1
    const node = await stage.start(mesh)
    assert.deepEqual(named(node), [mesh.network])
    assert.equal(await stage.peersOf(name), 0)
    await stage.until('it is up', async () => (await stage.peersOf(name)) === 2)
    assert.deepEqual(named(await stage.start(mesh)), [mesh.network], 'and it is still kept')
  })

  it('leaves when it was removed meanwhile', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    await stage.join(await stage.start(mesh), mesh)
    stage.driver.failingOpens = 1
    const node = await stage.start(mesh)
    await node.take(removalOf(mesh))
    assert.deepEqual(await stage.driver.list(''), [])
    assert.deepEqual(await stage.files(), [])
    stage.clock.advance(HOUR)
    assert.deepEqual(await stage.driver.list(''), [], 'nothing comes back')
  })

  it('knows of an interface that was made a moment before a crash', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const first = await stage.start(mesh)
    stage.driver.failingOpens = 1
    for (const frame of [mesh.self(), mesh.news()]) await first.take(parseControllerFrame(frame))
    await eventually('it is made', async () => (await stage.driver.list('')).length === 1)
    const second = await stage.start(mesh)
    assert.deepEqual(named(second), [mesh.network])
    await second.take(removalOf(mesh))
    assert.deepEqual(await stage.driver.list(''), [])
    assert.deepEqual(await stage.files(), [])
  })
})

describe('A node that starts again, with nothing that it can use of a network', () => {
  const damages = { 'a damaged line': '{"type":"sel\n', 'an empty file': '' }
  for (const [what, text] of Object.entries(damages)) {
    it(`leaves it up until a controller has not named it for a while: ${what}`, async () => {
      await using stage = await Stage.open()
      const mesh = new PaperMesh(identity, 2)
      const name = await stage.join(await stage.start(mesh), mesh)
      await stage.damage(text)
      const node = await stage.start(mesh)
      stage.clock.advance(HOUR)
      await stage.expectPeers(name, 2, 'nobody has said that it is to go')
      node.attach(() => undefined)
      stage.clock.advance(5_000)
      node.heard()
      await stage.expectPeers(name, 2, 'the session was too short to say')
      node.detach()
      stage.clock.advance(HOUR)
      node.heard()
      await stage.expectPeers(name, 2, 'it is of a session that is over')
      node.attach(() => undefined)
      stage.clock.advance(HOUR)
      await stage.expectPeers(name, 2, 'nothing was heard in it')
      node.heard()
      await eventually('it is gone', async () => (await stage.driver.list('')).length === 0)
      await eventually('and forgotten', async () => (await stage.files()).length === 0)
    })
  }

  it('starts with all others when the disk does not give what it has of one, says so, and goes on with that when it is told it', async () => {
    await using stage = await Stage.open()
    const [mesh, other] = [new PaperMesh(identity, 2), new PaperMesh(identity, 1)]
    const before = await stage.start(mesh)
    const frames = [mesh.self(), mesh.news()]
    const [name, second] = [await stage.join(before, mesh, frames), await stage.join(before, other)]
    await stage.driver.remove(second)
    const damage = await stage.block(mesh.network)
    const node = await stage.start(mesh)
    assert.deepEqual(named(node), [other.network])
    assert.equal(await stage.peersOf(second), 1, 'it is up without a controller')
    assert.equal(await stage.peersOf(name), 2, 'it is as it was')
    const fault = 'EISDIR: illegal operation on a directory'
    assert.equal(node.greeting().facts.disk, `A journal cannot be read: ${fault}.`)

    await stage.join(node, mesh, frames)
    assert.deepEqual(new Set(await stage.driver.list('')), new Set([name, second]))
    await eventually('now it cannot be written', () => node.greeting().facts.disk === fault)
    await damage[Symbol.asyncDispose]()
    await stage.until('it is kept', async () => node.greeting().facts.disk === undefined)
    assert.deepEqual(new Set(named(await stage.start(mesh))), new Set([mesh.network, other.network]))
  })

  it('goes on with the interface as it is when a controller tells it the network anew', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const frames = [mesh.self(), mesh.news()]
    const name = await stage.join(await stage.start(mesh), mesh, frames)
    await stage.damage('{"type":"sel\n')
    const node = await stage.start(mesh)
    assert.equal(await stage.join(node, mesh, frames), name)
    stage.clock.advance(HOUR)
    node.heard()
    await stage.expectPeers(name, 2, 'it is a member')
    assert.equal(stage.driver.tries, 0)
    assert.deepEqual(named(await stage.start(mesh)), [mesh.network], 'it is kept again')
  })

  it('leaves it up while other networks are told first, however long a slow line takes for that', async () => {
    await using stage = await Stage.open()
    const [mesh, other] = [new PaperMesh(identity, 2), new PaperMesh(identity, 1)]
    const name = await stage.join(await stage.start(mesh), mesh)
    await stage.damage('')
    const node = await stage.start(mesh)
    node.attach(() => undefined)
    await node.take(parseControllerFrame(other.self()))
    stage.clock.advance(24_000)
    await node.take(parseControllerFrame(other.news()))
    node.heard()
    await stage.expectPeers(name, 2, 'its turn comes behind the long one')
    stage.clock.advance(10_000)
    node.heard()
    await stage.until('it did not come', async () => !(await stage.driver.list('')).includes(name))
  })

  it('leaves it up while the controller waits for a key to it, however long, and for that session only', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const name = await stage.join(await stage.start(mesh), mesh)
    await stage.damage('')
    const node = await stage.start(mesh)
    node.attach(() => undefined)
    await node.take({ type: 'key-wanted', network: mesh.network, keyVersion: 1 })
    stage.clock.advance(HOUR)
    node.heard()
    await stage.expectPeers(name, 2, 'only a member is asked')
    node.detach()
    node.attach(() => undefined)
    stage.clock.advance(HOUR)
    node.heard()
    await eventually('it is gone', async () => (await stage.driver.list('')).length === 0)
  })

  it('takes it away at once when a controller says that it is no member any more', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    await stage.join(await stage.start(mesh), mesh)
    await stage.damage('')
    const node = await stage.start(mesh)
    node.attach(() => undefined)
    await node.take(removalOf(mesh))
    assert.deepEqual(await stage.driver.list(''), [])
    assert.deepEqual(await stage.files(), [])
  })

  it('takes away what another controller has had it make, and nothing else', async () => {
    await using stage = await Stage.open()
    const [before, now] = [new PaperMesh(identity, 2), new PaperMesh(identity, 1, 'another controller')]
    const name = await stage.join(await stage.start(before), before)
    const node = await stage.start(now)
    const other = await stage.join(node, now)
    assert.deepEqual(new Set(await stage.driver.list('')), new Set([name, other]))
    stage.clock.advance(10_000)
    node.heard()
    await eventually('it is gone', async () => (await stage.driver.list('')).length === 1)
    assert.equal(await stage.peersOf(other), 1)
    await eventually('and forgotten', async () => (await stage.files()).length === 1)
  })

  it('takes it away when it is itself removed', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    await stage.join(await stage.start(mesh), mesh)
    await stage.damage('')
    await (await stage.start(mesh)).removeAll(NODE_REMOVED)
    assert.deepEqual(await stage.driver.list(''), [])
    assert.deepEqual(await stage.files(), [])
  })
})
