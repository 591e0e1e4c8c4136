import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { report, runs } from '../chaos/runs.ts'
import { eventually } from '../rig.ts'
import { DOWN_AFTER, startCluster, startWithSentinels } from './site.ts'
import { countsOf, optionsFor, Writers } from './writers.ts'

const KILLS = runs(2, 20)

/** Milliseconds for what the writers do once there is a primary with all its replicas: find it and arm it. */
const LONGEST_OWN_PAUSE = 10_000

for (const [name, start, replicas] of [
  ['Sentinel', startWithSentinels, '2'],
  ['Cluster', startCluster, '1'],
] as const) {
  it(`${name}: the primary is killed ${KILLS} times under four writers, and nothing is lost`, async () => {
    await using site = await start()
    const realm = 'test'
    await using writers = await Writers.start(4, () => optionsFor(site, realm))
    let longestOwn = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const before = writers.acknowledged
      await eventually('changes go', () => writers.acknowledged > before + 50, 30_000)
      const primary = await site.primary()
      await primary.kill()
      if (name === 'Sentinel')
        await eventually('another primary', async () => (await site.primary()) !== primary, 20_000)
      else await wait(DOWN_AFTER + 500)
      const then = writers.acknowledged
      await site.revive(primary)
      // How often Sentinels have to vote is theirs: one vote without a winner costs twice their failover-timeout.
      const isWhole = async () =>
        (await (await site.primary()).info('replication', 'connected_slaves')) === replicas
      await eventually('a primary with all its replicas', isWhole, 60_000)
      const whole = performance.now()
      await eventually('changes go again', () => writers.acknowledged > then, 30_000)
      longestOwn = Math.max(longestOwn, performance.now() - whole)
    }
    const figures = await writers.stop()
    await using log = await openRedisLog(optionsFor(site, realm, { writer: randomUUID() }))
    await writers.check(log)
    report(`${name}: Redis primary killed under four writers`, {
      kills: KILLS,
      ...countsOf(figures),
      'ms of pause with all servers there at most': Math.round(longestOwn),
    })
    assert.ok(longestOwn < LONGEST_OWN_PAUSE, `a pause of ${longestOwn} ms with all servers there`)
  })
}
