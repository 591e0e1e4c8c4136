import assert from 'node:assert/strict'
import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { addMember } from '../../../src/controller/commands/member.ts'
import type { Controller } from '../../../src/controller/controller.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { allApplied, eventually, type Rig, type RunningAgent, removeFrom, startRig } from '../../rig.ts'

describe('An old backup of the log that is put back under running agents', () => {
  it('is noticed at the start, and agents take what it holds although they have seen more', async () => {
    await using rig = await startRig()
    const world = await prepare(rig)
    await rig.startController()
    await agree(rig, world)
  })

  it('is noticed by what agents can prove, when nothing else is left to tell', async () => {
    await using rig = await startRig()
    const world = await prepare(rig)
    await forgetNotes(rig)
    await rig.startController()
    await agree(rig, world)
  })

  it('is noticed too when its revisions have overtaken those of the agents, with other content', async () => {
    await using rig = await startRig()
    const world = await prepare(rig)
    await forgetNotes(rig)
    await rig.startController(async (controller) => {
      for (let round = 0; round < 5; round++) await rejoin(controller, 'b')
    })
    await agree(rig, world)
  })

  it('begins one new epoch, whoever proves it, and none at the starts after that', async () => {
    await using rig = await startRig()
    const world = await prepare(rig)
    await forgetNotes(rig)
    await rig.startController()
    await agree(rig, world)
    await rig.restart()
    await eventually('all are back', () => allApplied(rig.controller, 'demo'), 20_000)
    assert.equal(rig.controller.state.epoch, 2)
  })
})

/** Three agents that have seen a key of `c` which the log that is there now knows nothing of. The controller is stopped. */
async function prepare(rig: Rig): Promise<RunningAgent[]> {
  await rig.createNetwork({ name: 'demo' })
  const token = await rig.joinToken({ networks: ['demo'], uses: 3 })
  const agents = ['a', 'b', 'c'].map((name) => rig.startAgent({ join: token, name }))
  const isApplied = () =>
    findNetwork(rig.controller.state, 'demo').members.size === 3 && allApplied(rig.controller, 'demo')
  await eventually('all have applied', isApplied, 20_000)
  await rig.stopController()
  await copyLog(rig, 'log.db', 'backup.db')
  await rig.startController((controller) => rejoin(controller, 'c'))
  await eventually('all have applied the key that will be lost', isApplied, 20_000)
  await rig.stopController()
  await copyLog(rig, 'backup.db', 'log.db')
  return agents
}

async function rejoin(controller: Controller, name: string): Promise<void> {
  await removeFrom(controller, 'demo', name)
  await controller.change({ actor: 'test' }, (state, tools) =>
    addMember(state, tools, findNetwork(state, 'demo').id, findNode(state, name).id),
  )
}

/** Waits until every interface is what the log says. */
async function agree(rig: Rig, agents: readonly RunningAgent[]): Promise<void> {
  await eventually('all have applied what the log holds', () => allApplied(rig.controller, 'demo'), 20_000)
  const { members } = findNetwork(rig.controller.state, 'demo')
  const keys = [...members.values()].map(({ publicKey }) => publicKey)
  for (const { driver } of agents) {
    const [name] = await driver.list('wf')
    assert.ok(name)
    const { publicKey, peers } = await (await driver.open(name)).observe()
    assert.deepEqual(new Set([publicKey, ...peers.keys()]), new Set(keys))
  }
  assert.equal(rig.controller.state.epoch, 2)
}

async function forgetNotes({ dataDir }: Rig): Promise<void> {
  for (const file of await readdir(dataDir)) if (file.startsWith('notes.db')) await rm(join(dataDir, file))
}

/** The controller is stopped, so all is in the one file, unless a write-ahead log was left. */
async function copyLog({ dataDir }: Rig, from: string, to: string): Promise<void> {
  for (const end of ['', '-wal', '-shm']) {
    await rm(join(dataDir, to + end), { force: true })
    await copyFile(join(dataDir, from + end), join(dataDir, to + end)).catch(() => undefined)
  }
}
