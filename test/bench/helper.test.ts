import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../rig.ts'

const PARENT = fileURLToPath(new URL('stage/parent-process.ts', import.meta.url))

it('Processes of the bench end with the one that started them, also when that is killed, and however busy they are', async () => {
  const parent = fork(PARENT, { execArgv: [] })
  const [pid] = await once(parent, 'message', { signal: AbortSignal.timeout(30_000) })
  assert.ok(existsSync(`/proc/${pid}`))
  parent.kill('SIGKILL')
  await eventually('it has ended, too', () => !existsSync(`/proc/${pid}`), 20_000)
})
