import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { verifyLog } from '../../src/log/verify.ts'
import { scratch } from './fixture.ts'

const SQLITE = new URL('../../src/log/sqlite.ts', import.meta.url).href
const FIXTURE = new URL('./fixture.ts', import.meta.url).href

/** Appends until it is refused, says so, and again when it is taken. */
const CHILD = `
import { setTimeout as wait } from 'node:timers/promises'
const { openSqliteLog } = await import(process.argv[2])
const { change } = await import(process.argv[3])
const log = await openSqliteLog(process.argv[4])
log.failed.then((error) => console.log('failed', error.message))
let last = 'taken'
for (let tries = 0; tries < 2_000; tries++) {
  const { sequence } = log.head()
  const code = await log.append(sequence, change(sequence + 1, 200)).then(() => 'taken', (error) => error.code)
  if (code !== last) console.log(code, log.head().sequence)
  if (code !== 'taken') await wait(20)
  else if (last !== 'taken') break
  last = code
}
await log[Symbol.asyncDispose]()
`

it('a limit of the system on files refuses changes like a full disk, and they go again when it is gone', async () => {
  await using dir = await scratch()
  const script = join(dir.path, 'child.mjs')
  await writeFile(script, CHILD)
  const limited = 'ulimit -S -f 256; exec "$0" "$@"'
  const args = ['-c', limited, process.execPath, script, SQLITE, FIXTURE, dir.log]
  // Compiled modules are files as well, and must not be cut.
  const env = { ...process.env, NODE_COMPILE_CACHE: '' }
  const child = spawn('bash', args, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 })
  const ended = once(child, 'exit')
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (!line.startsWith('store-unavailable')) continue
    await promisify(execFile)('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
  }
  assert.deepEqual(await ended, [0, null])
  const [refused, taken] = lines.map((line) => line.split(' '))
  assert.deepEqual([lines.length, refused?.[0], taken?.[0]], [2, 'store-unavailable', 'taken'], lines.join())
  const { head } = await verifyLog(dir.log)
  assert.equal(head.sequence, Number(taken?.[1]))
  assert.ok(head.sequence > 3)
  assert.deepEqual(
    (await readdir(dir.path)).filter((name) => name.endsWith('.probe')),
    [],
  )
})
