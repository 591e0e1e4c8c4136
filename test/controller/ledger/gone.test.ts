import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import type { WeftError } from '../../../src/errors.ts'
import { backupLog } from '../../../src/log/backup.ts'
import { openImport } from '../../../src/log/export.ts'
import { installLog } from '../../../src/log/install.ts'
import { takeLock } from '../../../src/log/lock.ts'
import { scratch } from '../../log/fixture.ts'
import { findNetwork } from '../../lookup.ts'
import { startRig } from '../../rig.ts'

it('a log that is gone is not begun anew, so that a copy can be brought back as the refusal says', async () => {
  await using rig = await startRig()
  await rig.createNetwork({ name: 'demo' })
  await rig.stopController()
  const path = join(rig.dataDir, 'log.db')
  const copy = join(rig.dataDir, 'copy.db')
  const { head } = await backupLog(path, copy)
  await rm(path)
  const gone = { code: 'log-damaged', message: /^The log is gone\..* 2 entries/, advice: /weft log import/ }
  await assert.rejects(rig.startController(), gone)
  await assert.rejects(rig.startController(), gone)
  assert.equal(existsSync(path), false)
  {
    using _import = takeLock(path)
    await assert.rejects(rig.startController(), { code: 'store-unavailable' }, 'an import is at it')
  }
  await appendFile(`${path}-wal`, 'changes')
  await assert.rejects(rig.startController(), { code: 'conflict' }, 'its last changes are there')
  await rm(`${path}-wal`)
  using source = await openImport(copy)
  assert.deepEqual(await installLog(source, path, { now: 0 }), head)
  await rig.startController()
  assert.ok(findNetwork(rig.controller.state, 'demo'))
})

it('whoever begins anew on purpose is told the file to remove, also where it is kept elsewhere', async () => {
  await using dir = await scratch()
  const headFile = join(dir.path, 'kept.json')
  await using rig = await startRig({ headFile })
  await rig.stopController()
  await rm(join(rig.dataDir, 'log.db'))
  await assert.rejects(rig.startController(), ({ advice }: WeftError) => advice?.includes(headFile) ?? false)
  await rm(headFile)
  await rig.startController()
})
