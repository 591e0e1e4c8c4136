import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../rig.ts'

const HELPER = fileURLToPath(new URL('helper.ts', import.meta.url))
const CREW = fileURLToPath(new URL('stage/crew-process.ts', import.meta.url))

it('Processes of the bench end with the one that started them, also when that is killed, and however busy they are', async () => {
  const script = `
    const { startHelper } = await import(${JSON.stringify(HELPER)})
    const helper = await startHelper(${JSON.stringify(CREW)})
    // At work for ever: nobody listens there.
    helper.call('knock', { urls: ['https://127.0.0.1:1'], fingerprint: '', controllerKey: '' }, 50).catch(() => undefined)
    await helper.call('bytes')
    console.log(helper.pid)
  `
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid] = await once(createInterface(parent.stdout), 'line')
  assert.ok(existsSync(`/proc/${pid}`))
  parent.kill('SIGKILL')
  await eventually('it has ended, too', () => !existsSync(`/proc/${pid}`), 20_000)
})
