import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { endProcesses, findProcess, isAlive } from '../../src/lab/process.ts'

const STUBBORN = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdout.write('ready')`

test('a process is known by number and start, so that a later one of the same number is not it', () => {
  const own = findProcess(process.pid)
  assert.ok(own)
  assert.ok(isAlive(own))
  assert.ok(!isAlive({ ...own, start: '1' }))
  assert.equal(findProcess(2 ** 22 + 1), undefined)
})

test('a process ends when it is asked to, and a deaf one when its time is over', async () => {
  const willing = spawn('sleep', ['60'])
  const deaf = spawn(process.execPath, ['-e', STUBBORN], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(deaf.stdout, 'data')
  const processes = [willing, deaf].flatMap(({ pid }) => findProcess(pid ?? 0) ?? [])
  assert.equal(processes.length, 2)
  const ends = Promise.all([once(willing, 'exit'), once(deaf, 'exit')])
  await endProcesses(processes, 500)
  assert.deepEqual(processes.map(isAlive), [false, false])
  assert.deepEqual(await ends, [
    [null, 'SIGTERM'],
    [null, 'SIGKILL'],
  ])
})
