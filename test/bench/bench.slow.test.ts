import assert from 'node:assert/strict'
import { test } from 'node:test'
import { form } from './scenarios/form.ts'
import { memory } from './scenarios/memory.ts'
import { replicas } from './scenarios/replicas.ts'
import { rest } from './scenarios/rest.ts'
import { storm } from './scenarios/storm.ts'
import { runSmall } from './shape.ts'

test('forming a network signs one list for all, however many they are', async () => {
  const [few] = await runSmall(form, 10)
  const [many] = await runSmall(form, 30)
  assert.equal(few?.signatures, 1)
  assert.equal(many?.signatures, 1)
})

test('a storm ends with all agents resumed', async () => {
  const [result] = await runSmall(storm, 30)
  assert.equal(result?.agents, 30)
})

test('member additions over HTTP are counted', async () => {
  const [result] = await runSmall(rest, 20)
  assert.match(result?.notes.join() ?? '', /^\d+ a second of 260 additions/)
})

test('memory is compared with that of bare connections', async () => {
  const [result] = await runSmall(memory, 8)
  assert.ok((result?.rssMb ?? 0) > 0)
})

test('agents of a killed replica are resumed on the others, and nothing it acknowledged is lost', async () => {
  const [result] = await runSmall(replicas, 12)
  assert.match(result?.notes.join() ?? '', /^4 agents .* changes .*, 0 were lost/)
})
