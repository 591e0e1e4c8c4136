import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startProgram } from './program.ts'
import { openSeclusion, type Seclusion } from './seclusion.ts'

const skip = process.getuid?.() === 0 ? false : 'tunnels need root'
/** Other labs of this machine are none of our business. */
let seclusion: Seclusion

before(async () => {
  if (!skip) seclusion = await openSeclusion()
})
after(() => seclusion?.[Symbol.asyncDispose]())

test('up --once pings every pair of four nodes in both families within 15 s and leaves nothing behind', {
  skip,
}, async () => {
  const up = [...seclusion.enter, process.execPath, 'deploy/setup.js', 'up']
  const start = performance.now()
  await using program = startProgram([...up, '--once', '--nodes', '4'])
  assert.equal(await program.code, 0, program.output())
  assert.equal(program.output().trimEnd().split('\n').at(-1), '24/24 pairs answered')
  assert.deepEqual(seclusion.traces(), [])
  const took = performance.now() - start
  assert.ok(took < 15_000, `it took ${Math.round(took)} ms`)
})
