import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseControllerFrame } from '../../src/protocol/frames.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { eventually } from '../rig.ts'
import { identity, Stage } from './stage.ts'

it('An agent that is told it has the latest says that it is applied only when it is', async () => {
  await using stage = await Stage.open()
  const { driver } = stage
  const mesh = new PaperMesh(identity, 2)
  const node = await stage.start(mesh)
  const name = await stage.join(node, mesh)

  using ending = new DisposableStack()
  const [change, before] = [Promise.withResolvers<void>(), driver.changes]
  driver.changing = change.promise
  ending.defer(change.resolve)
  await node.take(parseControllerFrame(mesh.add(3)))
  await eventually('it is being applied', () => driver.changes > before)
  // Another session, as when a replica is restarted: the digest is the latest, for all was taken.
  const counts: number[] = []
  let onFirst = () => undefined as unknown
  node.attach(({ type }) => {
    if (type !== 'applied') return
    void stage.peersOf(name).then((peers) => counts.push(peers))
    const first = onFirst
    onFirst = () => undefined
    first()
  })
  await node.take(parseControllerFrame(mesh.head()))
  assert.equal(await stage.peersOf(name), 2)
  assert.deepEqual(counts, [], 'the interface is as it was')

  // What is asked while it is kept is not left without an answer either.
  onFirst = () => void node.take(parseControllerFrame(mesh.head()))
  change.resolve()
  await eventually('both are answered', () => counts.length === 2)
  assert.deepEqual(counts, [3, 3])
})
