import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseControllerFrame } from '../../src/protocol/frames.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { eventually } from '../rig.ts'
import { identity, removalOf, Stage } from './stage.ts'

describe('A network that a node has left', () => {
  it('is taken down later when that does not work at once, and nothing of it is kept then', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const node = await stage.start(mesh)
    const name = await stage.join(node, mesh)
    stage.driver.busy.add(name)
    await node.take(removalOf(mesh))
    assert.equal(stage.driver.tries, 1)
    assert.deepEqual(await stage.driver.list(''), [name])
    assert.equal(node.greeting().networks.length, 0, 'it is no member any more')
    await stage.until('it is tried again', async () => stage.driver.tries > 2)
    assert.equal((await stage.files()).length, 1)
    stage.driver.busy.clear()
    await stage.until('it is gone', async () => (await stage.driver.list('')).length === 0)
    await eventually('and forgotten', async () => (await stage.files()).length === 0)
    const { tries } = stage.driver
    stage.clock.advance(120_000)
    assert.equal(stage.driver.tries, tries, 'nothing is tried any more')
  })

  it('is forgotten later where the disk does not let go of what is kept of it, which is then said', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const node = await stage.start(mesh)
    await stage.join(node, mesh)
    {
      await using _hidden = await stage.hide()
      await node.take(removalOf(mesh))
      assert.deepEqual(await stage.driver.list(''), [])
      const [line = '', ...others] = stage.lines.filter((text) => text.includes('"level":50'))
      assert.deepEqual(others, [])
      assert.match(line, /"What is kept of the network cannot be deleted: ENOTDIR: not a directory."/)
      assert.doesNotMatch(line, /interface/)
    }
    assert.equal((await stage.files()).length, 1)
    await stage.until('it is forgotten', async () => (await stage.files()).length === 0)
  })

  it('is taken down at the next start after a crash, without a controller and without coming up again', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const first = await stage.start(mesh)
    const name = await stage.join(first, mesh)
    stage.driver.busy.add(name)
    await first.take(removalOf(mesh))
    const [kept = ''] = await stage.files()
    assert.deepEqual(
      kept
        .trim()
        .split('\n')
        .map((line) => parseControllerFrame(line).type),
      ['removed'],
      'no plan and no key is kept',
    )
    stage.driver.busy.clear()
    const second = await stage.start(mesh)
    await eventually('it is gone', async () => (await stage.driver.list('')).length === 0)
    await eventually('and forgotten', async () => (await stage.files()).length === 0)
    assert.equal(second.greeting().networks.length, 0)
  })

  it('keeps its port from other networks for as long as its interface is there, after a crash, too', async () => {
    await using stage = await Stage.open()
    const [mesh, other] = [new PaperMesh(identity, 1), new PaperMesh(identity, 1)]
    const first = await stage.start(mesh)
    const name = await stage.join(first, mesh)
    stage.driver.busy.add(name)
    await first.take(removalOf(mesh))
    const second = await stage.start(mesh)
    await eventually('it is tried again', () => stage.driver.tries > 1)
    const fresh = await stage.join(second, other)
    assert.notEqual(fresh, name)
    assert.equal(await stage.portOf(fresh), (await stage.portOf(name)) + 1)
  })

  it('comes up again when the node is let in meanwhile, and is not taken down after that', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const node = await stage.start(mesh)
    const frames = [mesh.self(), mesh.news()]
    const name = await stage.join(node, mesh, frames)
    stage.driver.busy.add(name)
    await node.take(removalOf(mesh))
    assert.equal(await stage.join(node, mesh, frames), name)
    stage.driver.busy.clear()
    const { tries } = stage.driver
    stage.clock.advance(120_000)
    await node.inspect()
    assert.equal(stage.driver.tries, tries)
    assert.equal(await stage.peersOf(name), 2)
    const again = await stage.start(mesh)
    assert.equal(again.greeting().networks.length, 1, 'its plan is what is kept')
  })

  it('is left at whatever moment the word of it comes while its first plan cannot be carried out', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 1)
    const node = await stage.start(mesh)
    const frames = [mesh.self(), mesh.news()].map(parseControllerFrame)
    for (let turns = 0; turns <= 16; turns++) {
      stage.driver.failingOpens = 1
      const failure = new Promise<void>((resolve) => {
        stage.driver.onFailure = resolve
      })
      for (const frame of frames) await node.take(frame)
      await failure
      for (let turn = 0; turn < turns; turn++) await undefined
      let hasLeft = false
      const leaving = node.take(removalOf(mesh)).then(() => (hasLeft = true))
      await eventually(`it has left, ${turns} turns later`, () => hasLeft)
      await leaving
      assert.deepEqual(await stage.driver.list(''), [], `nothing is left, ${turns} turns later`)
    }
    stage.clock.advance(120_000)
    assert.deepEqual(await stage.driver.list(''), [], 'and nothing comes back')
  })

  it('does not keep the others up at the end of a run, which says that something is left', async () => {
    await using stage = await Stage.open()
    const [mesh, other] = [new PaperMesh(identity, 1), new PaperMesh(identity, 1)]
    const node = await stage.start(mesh)
    const stuck = await stage.join(node, mesh)
    await stage.join(node, other)
    assert.equal((await stage.driver.list('')).length, 2)
    stage.driver.busy.add(stuck)
    let outcome = ''
    const end = node.removeAll().then(
      () => (outcome = 'all gone'),
      () => (outcome = 'something is left'),
    )
    await stage.until('it gives up', async () => outcome !== '')
    await end
    assert.equal(outcome, 'something is left')
    assert.deepEqual(await stage.driver.list(''), [stuck])
    stage.driver.busy.clear()
    await node.removeAll()
    assert.deepEqual(await stage.driver.list(''), [])
  })
})
