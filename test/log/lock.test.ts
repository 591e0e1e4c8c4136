import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { change, scratch } from './fixture.ts'

describe('the lock of a log', () => {
  it('keeps a second one in the same process out, and leaves the first alone', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await assert.rejects(openSqliteLog(dir.log), {
      code: 'store-unavailable',
      message: /is in use by this process/,
    })
    await log.append(0, change(1))
    await assert.rejects(openSqliteLog(dir.log), { code: 'store-unavailable' })
  })

  it('is one for all links to a log, also before there is a file', async () => {
    await using dir = await scratch()
    const [folder, link] = [join(dir.path, 'folder'), join(dir.path, 'link.db')]
    await symlink(dir.path, folder)
    await symlink('log.db', link)
    await using log = await openSqliteLog(link)
    for (const path of [dir.log, link, join(folder, 'log.db'), join(folder, 'link.db')])
      await assert.rejects(openSqliteLog(path), { code: 'store-unavailable' }, path)
    await log.append(0, change(1))
  })

  it('names the process that has it, and dies with that', { timeout: 30_000 }, async () => {
    await using dir = await scratch()
    const hold = join(dir.path, 'hold.ts')
    const module = JSON.stringify(new URL('../../src/log/sqlite.ts', import.meta.url).href)
    await writeFile(
      hold,
      `import { openSqliteLog } from ${module}
      await openSqliteLog(${JSON.stringify(dir.log)})
      process.stdout.write('ready')
      setTimeout(() => {}, 20_000)`,
    )
    const child = spawn(process.execPath, [hold], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    await once(child.stdout, 'data')
    await assert.rejects(openSqliteLog(dir.log), {
      code: 'store-unavailable',
      message: new RegExp(`is in use by process ${child.pid}\\.`),
    })
    child.kill('SIGKILL')
    await exit
    await using log = await openSqliteLog(dir.log)
    assert.equal(log.head().sequence, 0)
  })

  it('is given back when the log is closed or could not be opened', async () => {
    await using dir = await scratch()
    await (await openSqliteLog(dir.log))[Symbol.asyncDispose]()
    await using _ = await openSqliteLog(dir.log)
    const other = join(dir.path, 'other.db')
    await writeFile(other, 'no database, and long enough to see that it is none. '.repeat(50))
    for (let tries = 0; tries < 2; tries++)
      await assert.rejects(openSqliteLog(other), { code: 'log-damaged' })
  })
})
