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

/** Milliseconds for what the writers do once there is another primary: find it, arm it, and see all replicas there. Twice what is wanted. */
const LONGEST_OWN_PAUSE = 10_000

for (const [name, start] of [
  ['Sentinel', startWithSentinels],
  ['Cluster', startCluster],
] as const) {
  it(`${name}: the primary is killed ${KILLS} times under four writers, and nothing is lost`, async () => {
    await using site = await start()
    const realm = 'test'
    await using writers = await Writers.start(4, () => optionsFor(site, realm))
    let longestElection = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const before = writers.acknowledged
      await eventually('changes go', () => writers.acknowledged > before + 50, 30_000)
      const primary = await site.primary()
      await primary.kill()
      const killed = performance.now()
      if (name === 'Sentinel')
        await eventually('another primary', async () => (await site.primary()) !== primary, 20_000)
      else await wait(DOWN_AFTER + 500)
      longestElection = Math.max(longestElection, performance.now() - killed)
      await site.revive(primary)
      const then = writers.acknowledged
      await eventually('changes go again', () => writers.acknowledged > then + 50, 30_000)
    }
    const figures = await writers.stop()
    await using log = await openRedisLog(optionsFor(site, realm, { writer: randomUUID() }))
    await writers.check(log)
    report(`${name}: Redis primary killed under four writers`, {
      kills: KILLS,
      ...countsOf(figures),
      'ms for an election at most': Math.round(longestElection),
    })
    // How often Sentinels have to vote is theirs: one vote without a winner costs twice their failover-timeout.
    const own = figures.longestPause - longestElection
    assert.ok(own < LONGEST_OWN_PAUSE, `a pause of ${figures.longestPause} ms, ${own} ms of them our own`)
  })
}
