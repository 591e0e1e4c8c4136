import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { removeNode } from '../../src/controller/commands/node.ts'
import { WeftError } from '../../src/errors.ts'
import { findNode } from '../lookup.ts'
import { allApplied, eventually, startRig } from '../rig.ts'
import { StuckDriver } from './stuck.ts'

describe('A node that was removed', { concurrency: true }, () => {
  for (const where of ['while it is connected', 'while it is away'] as const) {
    it(`leaves, though an interface cannot be taken away, and its next start does that: ${where}`, async () => {
      await using rig = await startRig()
      await using home = await stateDirectory()
      await rig.createNetwork({ name: 'demo' })
      const driver = new StuckDriver()
      const settings = { name: 'a', stateDir: home.path }
      const token = await rig.joinToken({ networks: ['demo'] })
      let agent = rig.startAgent({ ...settings, join: token }, driver)
      const size = () => rig.controller.state.nodes.size
      await eventually('it is a member', () => size() === 1 && allApplied(rig.controller, 'demo'))
      const [name = assert.fail('it has no interface')] = await driver.list('')
      driver.busy.add(name)
      const isAway = where === 'while it is away'
      if (isAway) await agent.stop()
      await rig.controller.change({ actor: 'test' }, (state, tools) =>
        removeNode(state, tools, findNode(state, 'a').id),
      )
      if (isAway) agent = rig.startAgent(settings, driver)
      const outcome = await agent.done.catch((error: unknown) => error)
      assert.ok(outcome instanceof WeftError && outcome.code === 'forbidden', String(outcome))
      assert.match(String(outcome.cause), /unexpected fault|busy/)
      assert.equal(existsSync(join(home.path, 'controller.json')), false, 'it has left')
      assert.match(await home.journal(), /^\{"type":"(removed|node-removed)".*\}\n$/, 'and keeps no key')
      assert.deepEqual(await driver.list(''), [name])
      driver.busy.clear()
      await assert.rejects(rig.startAgent(settings, driver).done, { code: 'invalid-config', field: 'join' })
      assert.deepEqual(await driver.list(''), [], 'what was left is gone')
      assert.equal(await home.journal(), '')
    })
  }
})

async function stateDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'weft-farewell-'))
  return {
    path,
    /** What is kept of all networks. */
    async journal(): Promise<string> {
      const directory = join(path, 'networks')
      const texts = (await readdir(directory)).map((file) => readFile(join(directory, file), 'utf8'))
      return (await Promise.all(texts)).join('')
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
