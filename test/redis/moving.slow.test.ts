import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { ControllerSettings } from '../../src/controller/settings.ts'
import { weft } from '../cli/fixture.ts'
import { allApplied, eventually, startRig } from '../rig.ts'
import { startSingle } from './site.ts'

describe('a log that moves house', () => {
  it('goes from its file to Redis and back with agents attached, who go on', async () => {
    await using site = await startSingle()
    const store: Partial<ControllerSettings> = {
      store: 'redis',
      redisUrls: [...site.urls],
      redisLevel: 'restart-only',
    }
    const redis = ['--redis-url', site.urls[0] ?? '', '--redis-level', 'restart-only']
    await using rig = await startRig()
    await rig.createNetwork({ name: 'moved' })
    const agents = ['a', 'b'].map(async (name) => {
      const join = await rig.joinToken({ networks: ['moved'], uses: 1 })
      return rig.startAgent({ join, name })
    })
    const [a, b] = await Promise.all(agents)
    assert.ok(a && b)
    await eventually('both have it', () => allMembers(2), 30_000)
    const epoch = rig.controller.state.epoch
    const dir = rig.controller.settings.dataDir
    const scratch = await mkdtemp(join(tmpdir(), 'weft-moving-'))
    try {
      await rig.stopController()
      const out = join(scratch, 'out.jsonl')
      await done(['log', 'export', '--data-dir', dir, '--output', out])
      await done(['log', 'import', out, '--data-dir', dir, ...redis])
      await rig.startController(undefined, store)
      await change('on-redis', 3)

      await rig.stopController()
      const back = join(scratch, 'back.jsonl')
      await done(['log', 'export', '--data-dir', dir, ...redis, '--output', back])
      await rm(join(dir, 'log.db'))
      await done(['log', 'import', back, '--data-dir', dir])
      await rig.startController()
      await change('at-home', 4)
      assert.equal(rig.controller.state.epoch, epoch, 'nothing was lost, so no epoch began')
      await done(['log', 'verify', '--data-dir', dir])
    } finally {
      await rm(scratch, { recursive: true })
    }

    function allMembers(count: number): boolean {
      const network = [...rig.controller.state.networks.values()].find(({ name }) => name === 'moved')
      return network?.members.size === count && allApplied(rig.controller, 'moved')
    }

    /** One more member: those who were there before hear of it. */
    async function change(name: string, count: number): Promise<void> {
      rig.startAgent({ join: await rig.joinToken({ networks: ['moved'], uses: 1 }), name })
      await eventually(`all ${count} have it`, () => allMembers(count), 60_000)
    }
  })
})

async function done(args: readonly string[]): Promise<void> {
  const { code, stderr } = await weft(args)
  assert.deepEqual([code, stderr], [0, ''], args.join(' '))
}
