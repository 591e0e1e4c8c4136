import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { LOG_FILE } from '../../src/controller/home.ts'
import type { ControllerSettings } from '../../src/controller/settings.ts'
import type { SigningKey } from '../../src/keys/signature.ts'
import type { Log } from '../../src/log/log.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { sealSnapshot, startingState } from '../../src/log/snapshot.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { encodeState } from '../../src/model/codec.ts'
import { weft } from '../cli/fixture.ts'
import { allApplied, eventually, startRig } from '../rig.ts'
import { startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

describe('a log that moves house', () => {
  it('goes from its file to Redis and back, with a snapshot and without its first entries, and agents go on', async () => {
    await using site = await startWithSentinels(1)
    const store: Partial<ControllerSettings> = {
      store: 'redis',
      redisUrls: [...site.urls],
      redisLevel: 'strict',
    }
    const redis = site.urls.flatMap((url) => ['--redis-url', url])
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
      {
        await using log = await openSqliteLog(join(dir, LOG_FILE))
        await shorten(log, rig.controller.authority.signing)
      }
      await rig.startController()
      await change('after-the-snapshot', 3)

      await rig.stopController()
      const out = join(scratch, 'out.jsonl')
      await done(['log', 'export', '--data-dir', dir, '--output', out])
      await done(['log', 'import', out, '--data-dir', dir, ...redis])
      await rig.startController(undefined, store)
      await change('on-redis', 4)

      await rig.stopController()
      {
        await using log = await openRedisLog(optionsFor(site, rig.controller.settings.redisRealm))
        assert.ok((await log.base()).sequence > 0, 'entries were dropped before it came here')
        await eventually('changes go', () => log.refusal === undefined, 15_000)
        await shorten(log, rig.controller.authority.signing)
        assert.equal((await log.snapshots()).length, 2)
      }
      const back = join(scratch, 'back.jsonl')
      await done(['log', 'export', '--data-dir', dir, ...redis, '--output', back])
      await rm(join(dir, LOG_FILE))
      await done(['log', 'import', back, '--data-dir', dir])
      await rig.startController()
      await change('at-home', 5)
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

/** Keeps a snapshot of all there is, and drops what every snapshot stands for. */
async function shorten(log: Log, signing: SigningKey): Promise<void> {
  let { state } = await startingState(log)
  for await (const entry of log.read(state.sequence + 1)) state = applyEntry(state, entry)
  const encoded = Buffer.from([...encodeState(state)].join(''))
  await log.keepSnapshot(sealSnapshot(log.head(), new Uint8Array(encoded), signing))
  assert.ok((await log.compact(state.sequence)).sequence > 0)
}

async function done(args: readonly string[]): Promise<void> {
  const { code, stderr } = await weft(args)
  assert.deepEqual([code, stderr], [0, ''], args.join(' '))
}
