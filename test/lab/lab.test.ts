import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildLab, removeDeadLabs } from '../../src/lab/lab.ts'
import { findProcess } from '../../src/lab/process.ts'
import { flat } from '../../src/lab/topology.ts'
import { abandonLab, uniqueId } from './leftovers.ts'

const bare = { id: `b${uniqueId()}`, isolated: false }

test('a lab without isolation starts programs, keeps what they print, and leaves nothing behind', async () => {
  const lab = await buildLab(flat(2), bare)
  const host = lab.host('node-1')
  const script = 'echo number $((6 * 7)); echo aside >&2; exec sleep 600'
  const daemon = await host.start('counter', ['sh', '-c', script])
  const [, number] = await daemon.waitFor(/^number (\d+)$/m, 5_000)
  assert.equal(number, '42')
  assert.equal(readFileSync(daemon.stderr, 'utf8'), 'aside\n')
  assert.ok(daemon.running)
  await assert.rejects(host.exec('true', []), { code: 'unsupported' })
  await lab[Symbol.asyncDispose]()
  assert.ok(!existsSync(lab.dir))
  assert.equal(findProcess(daemon.pid), undefined)
})

test('a program that ends too early, or says nothing in time, is named with what it said last', async () => {
  await using lab = await buildLab(flat(1), bare)
  const host = lab.host('node-1')
  const ended = await host.start('quitter', ['sh', '-c', 'echo sorry >&2'])
  await assert.rejects(ended.waitFor(/ready/, 5_000), {
    code: 'program-failed',
    message: /quitter on node-1 ended before it was ready.*sorry/s,
  })
  const silent = await host.start('silent', ['sleep', '600'])
  await assert.rejects(silent.waitFor(/ready/, 100), {
    message: /silent on node-1 was not ready after 100 ms/,
  })
})

test('what is printed before a restart is not taken for the answer of the second run', async () => {
  await using lab = await buildLab(flat(1), bare)
  const host = lab.host('node-1')
  const first = await host.start('twice', ['echo', 'ready 1'])
  await first.waitFor(/ready \d/, 5_000)
  const second = await host.start('twice', ['echo', 'ready 2'])
  assert.equal((await second.waitFor(/ready \d/, 5_000))[0], 'ready 2')
})

test('the next lab removes what one left behind whose owner was killed, but not one whose owner lives', async () => {
  await using living = await buildLab(flat(1), { ...bare, id: `l${uniqueId()}` })
  const daemon = await living.host('node-1').start('sleep', ['sleep', '600'])
  const pid = await abandonLab(`d${uniqueId()}`, 'bare')
  assert.ok(findProcess(pid))
  await removeDeadLabs()
  assert.equal(findProcess(pid), undefined)
  assert.ok(daemon.running)
  assert.ok(existsSync(living.dir))
})

test('a host that the lab does not have is not found', async () => {
  await using lab = await buildLab(flat(1), bare)
  assert.throws(() => lab.host('node-2'), { code: 'not-found', message: /node-2/ })
})
