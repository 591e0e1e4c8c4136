import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { writeNew } from '../../src/cli/newfile.ts'
import { scratch } from '../log/fixture.ts'

/** Somebody whom the rights of folders bind, other than root. */
const NOBODY = 65_534

it('a new file that is whole stays, also in a folder that one may write but not read', async () => {
  await using dir = await scratch()
  const folder = join(dir.path, 'in')
  await mkdir(folder, { mode: 0o300 })
  const isRoot = process.geteuid?.() === 0
  if (isRoot) for (const path of [dir.path, folder]) await chown(path, NOBODY, NOBODY)
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    await assert.rejects(readdir(folder), { code: 'EACCES' })
    const count = await writeNew(join(folder, 'new'), '--output', async (file) => {
      await file.writeFile('whole\n')
      return 1
    })
    assert.equal(count, 1)
    assert.equal(await readFile(join(folder, 'new'), 'utf8'), 'whole\n')
    const failing = writeNew(join(folder, 'half'), '--output', async (file) => {
      await file.writeFile('ha')
      throw new Error('It fails.')
    })
    await assert.rejects(failing, { message: 'It fails.' })
  } finally {
    if (isRoot) process.seteuid?.(0)
    await chmod(folder, 0o700)
  }
  assert.deepEqual(await readdir(folder), ['new'])
})

it('half of a new file is taken away when the program is stopped that writes it', async () => {
  await using dir = await scratch()
  const script = `
    import { writeNew } from ${JSON.stringify(new URL('../../src/cli/newfile.ts', import.meta.url))}
    await writeNew(process.argv[1], '--output', async (file) => {
      await file.writeFile('ha')
      process.stdout.write('half')
      await new Promise((end) => setTimeout(end, 20_000))
    })
  `
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, join(dir.path, 'new')])
    await once(child.stdout, 'data')
    assert.deepEqual(await readdir(dir.path), ['new'])
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [null, signal])
    assert.deepEqual(await readdir(dir.path), [])
  }
})
