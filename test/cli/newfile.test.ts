import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { writeNew } from '../../src/cli/newfile.ts'
import { makeWhole } from '../../src/files.ts'
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

it('a new file is not there before it is whole, whatever ends the program that writes it', async () => {
  await using dir = await scratch()
  const script = `
    import { writeNew } from ${JSON.stringify(new URL('../../src/cli/newfile.ts', import.meta.url))}
    await writeNew(process.argv[1], '--output', async (file) => {
      await file.writeFile('ha')
      process.stdout.write('half')
      await new Promise((end) => setTimeout(end, 20_000))
    })
  `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, join(dir.path, 'new')])
    await once(child.stdout, 'data')
    const [draft = ''] = await readdir(dir.path)
    assert.match(draft, /^new\.[0-9a-f]{8}\.new$/)
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [null, signal])
    assert.deepEqual(await readdir(dir.path), signal === 'SIGKILL' ? [draft] : [])
  }
})

it('a new file takes the place of none that was made while it was written', async () => {
  await using dir = await scratch()
  const path = join(dir.path, 'new')
  const late = writeNew(path, '--output', async (file) => {
    await file.writeFile('late')
    await writeFile(path, 'early', { flag: 'wx' })
  })
  await assert.rejects(late, { code: 'already-exists' })
  assert.equal(await readFile(path, 'utf8'), 'early')
  assert.deepEqual(await readdir(dir.path), ['new'])
})

it('a new file gets its name also where files cannot have two', {
  skip: process.geteuid?.() !== 0,
}, async () => {
  await using dir = await scratch()
  await chown(dir.path, NOBODY, NOBODY)
  const path = join(dir.path, 'new')
  // Linux lets nobody give another name to a file of somebody else that he may not write (fs.protected_hardlinks).
  const making = makeWhole(path, async (draft) => {
    await writeFile(draft, 'whole')
    await chown(draft, 1, 1)
    await chmod(draft, 0o604)
    process.seteuid?.(NOBODY)
    await assert.rejects(link(draft, `${draft}2`), { code: 'EPERM' })
  })
  await making.finally(() => process.seteuid?.(0))
  assert.equal(await readFile(path, 'utf8'), 'whole')
  assert.deepEqual(await readdir(dir.path), ['new'])
})
