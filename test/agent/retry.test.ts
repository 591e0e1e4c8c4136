import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { parseControllerFrame } from '../../src/protocol/frames.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { eventually } from '../rig.ts'
import { identity, Stage } from './stage.ts'

/** Milliseconds. */
const STEP = 100

it('An interface that cannot be changed is tried again by one row of tries, however many changes came meanwhile', async () => {
  await using stage = await Stage.open()
  const { driver } = stage
  const mesh = new PaperMesh(identity, 2)
  const node = await stage.start(mesh)
  const name = await stage.join(node, mesh)

  let failures = 0
  driver.onFailure = () => {
    failures += 1
  }
  driver.changing = Promise.reject(new Error('Device or resource busy'))
  driver.changing.catch(() => undefined)
  driver.failingOpens = Number.POSITIVE_INFINITY
  for (let peer = 3; peer < 23; peer++) {
    const before = failures + driver.changes
    await node.take(parseControllerFrame(mesh.add(peer)))
    await eventually('it is tried at once', () => failures + driver.changes > before)
    await pass(stage, STEP)
  }
  failures = 0
  await pass(stage, 60_000)
  assert.ok(failures > 1 && failures <= 7, `after 1, 2, 4, 8, 16, 30 s, not ${failures} times in a minute`)

  driver.changing = Promise.resolve()
  driver.failingOpens = 0
  await stage.until('all is applied', async () => (await stage.peersOf(name)) === 22)
})

async function pass(stage: Stage, time: number): Promise<void> {
  for (let passed = 0; passed < time; passed += STEP) {
    stage.clock.advance(STEP)
    for (let turns = 0; turns < 3; turns++) await turn()
  }
}
