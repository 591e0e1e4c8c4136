import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engine } from './scenarios/engine.ts'
import { groups } from './scenarios/groups.ts'
import { join } from './scenarios/join.ts'
import { runSmall } from './shape.ts'

test('a join is encoded and signed as often among 30 agents as among 10, for as many bytes each', async () => {
  const [few] = await runSmall(join, 10)
  const [many] = await runSmall(join, 30)
  assert.ok(few && many)
  assert.equal(many.encodings, few.encodings)
  assert.equal(many.signatures, few.signatures)
  // For the newcomer a snapshot, of which the head is signed; for the others the delta, and the port that follows it.
  assert.ok((many.encodings ?? 9) <= 3 && (many.signatures ?? 9) <= 2, JSON.stringify(many))
  // As the controller counts them, in one frame or two: the goal, of which nothing depends on the machine.
  for (const { bytesPerAgent = 0 } of [few, many])
    assert.ok(bytesPerAgent > 200 && bytesPerAgent <= 400, `${bytesPerAgent} bytes an agent`)
})

test('the engine is measured in every shape', async () => {
  const results = await runSmall(engine, 200)
  assert.equal(results.length, 4)
})

test('the groups are measured in the three shapes', async () => {
  const results = await runSmall(groups, 60)
  assert.equal(results.length, 3)
})
