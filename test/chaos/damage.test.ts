import assert from 'node:assert/strict'
import { copyFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scratch } from '../log/fixture.ts'
import { type Rig, startRig } from '../rig.ts'

describe('a controller whose log was damaged', () => {
  it('refuses to serve, and names the first entry that is not what was written', async () => {
    await using world = await stopped(['one', 'two', 'three'])
    const bytes = await readFile(world.log)
    bytes.write('too', bytes.indexOf('"name":"two"') + '"name":"'.length)
    await writeFile(world.log, bytes)
    await assert.rejects(world.rig.startController(), {
      code: 'log-damaged',
      message: /^Entry 3 of the log is not what was written/,
    })
  })

  it('refuses to serve when a page of the file is gone', async () => {
    await using world = await stopped(['one', 'two', 'three'])
    await truncate(world.log, (await stat(world.log)).size - 4_096)
    await assert.rejects(world.rig.startController(), { code: 'log-damaged' })
  })

  it('refuses to begin anew when its log is gone: new keys would orphan every agent', async () => {
    await using world = await stopped(['one'])
    await rm(world.log)
    await assert.rejects(world.rig.startController(), {
      code: 'log-damaged',
      message: /^The log is gone\. .* 2 entries/,
    })
    await assert.rejects(world.rig.startController(), { code: 'log-damaged' }, 'and again')
  })

  it('begins a new epoch when an older copy was put back, and says what is missing', async () => {
    await using world = await stopped(['one'])
    const copy = `${world.log}.copy`
    await copyFile(world.log, copy)
    await world.rig.startController()
    await world.rig.createNetwork({ name: 'two' })
    await world.rig.stopController()
    await copyFile(copy, world.log)
    await rm(join(world.dataDir, 'notes.db'), { force: true })
    await world.rig.startController()
    assert.equal(world.rig.controller.state.epoch, 2)
    assert.ok(
      world.rig.lines.some((line) => /the log had 3 entries, but now it ends with entry 2/.test(line)),
    )
  })
})

/** A controller that made these networks, one entry each behind the first, and was stopped. */
async function stopped(
  networks: readonly string[],
): Promise<AsyncDisposable & { readonly rig: Rig; readonly dataDir: string; readonly log: string }> {
  const dir = await scratch()
  const rig = await startRig({ dataDir: dir.path })
  for (const name of networks) await rig.createNetwork({ name })
  await rig.stopController()
  return {
    rig,
    dataDir: dir.path,
    log: dir.log,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}
