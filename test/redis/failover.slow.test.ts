import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { report, runs } from '../chaos/runs.ts'
import { eventually } from '../rig.ts'
import { stalledFor } from './loopdelay.ts'
import { DOWN_AFTER, type RedisSite, startCluster, startWithSentinels } from './site.ts'
import { standingOf, Watch } from './standing.ts'
import { countsOf, optionsFor, Writers } from './writers.ts'

const KILLS = runs(2, 20)
/** More of them at most, until most had one election: the longest pause is asserted for those. */
const MORE_KILLS = 2

/**
 * Milliseconds from the kill until each writer makes changes again, where the servers needed one election; besides those for
 * which this machine let nobody run.
 */
const LONGEST_PAUSE = DOWN_AFTER + 5_000
/**
 * Milliseconds of that which are the writers' own: once a majority names a primary that has all its replicas, they have to
 * find it and to arm it. Whatever Sentinels do before that is theirs: one may be short of time, take a primary for gone that
 * is not, and elect another; the one that was deposed alive is made a replica after ten seconds, and at `strict` no change
 * goes without it.
 */
const LONGEST_OWN_PAUSE = 4_000
/** Milliseconds for Sentinels that do that, or whose votes are split twice. */
const LIMIT = 60_000

for (const [name, start, level, kills] of [
  ['Sentinel', startWithSentinels, 'strict', KILLS],
  ['Cluster', startCluster, 'strict', KILLS],
  // Each shard has one replica: so the one that is promoted has confirmed everything.
  ['Cluster at `available`', startCluster, 'available', runs(1, 20)],
] as const) {
  it(`${name}: the primary is killed ${kills} times under four writers, and nothing is lost`, async () => {
    await using site = await start()
    const realm = 'test'
    await using writers = await Writers.start(4, () => optionsFor(site, realm, { level }))
    const pauses: Pause[] = []
    const isShown = () => pauses.filter(({ elections }) => elections === 1).length * 2 > pauses.length
    while (pauses.length < kills || (pauses.length < kills + MORE_KILLS && !isShown()))
      pauses.push(await killPrimary(site, writers))
    const figures = await writers.stop()
    await using log = await openRedisLog(optionsFor(site, realm, { level, writer: randomUUID() }))
    const found = await writers.check(log)
    const elected = pauses.filter(({ elections }) => elections === 1)
    const [longest, own] = [
      longestOf(elected.map(({ whole }) => whole)),
      longestOf(pauses.map((one) => one.own)),
    ]
    report(`${name}: Redis primary killed under four writers`, {
      kills: pauses.length,
      ...countsOf(figures, found),
      'with one election': elected.length,
      'ms until every writer went on, then, at most': longest,
      'ms of that, with all servers there, at most': own,
    })
    assert.ok(isShown(), `${elected.length} of ${pauses.length} kills had one election`)
    const [ownRun, longestRun] = [
      longestOf(pauses.map((one) => one.own * one.share)),
      longestOf(elected.map((one) => one.whole * one.share)),
    ]
    assert.ok(
      ownRun < LONGEST_OWN_PAUSE,
      `a pause of ${own} ms with all servers there, ${ownRun} ms of it run`,
    )
    assert.ok(
      longestRun < LONGEST_PAUSE,
      `a pause of ${longest} ms with one election, ${longestRun} ms of it run`,
    )
  })
}

interface Pause {
  /** Milliseconds from the kill until every writer, by itself, had made a change. */
  readonly whole: number
  /** Milliseconds of it with all servers there. */
  readonly own: number
  readonly elections: number
  /** Of the whole, in which nobody had to wait for a core of this machine. */
  readonly share: number
}

async function killPrimary(site: RedisSite, writers: Writers): Promise<Pause> {
  const before = writers.made
  await eventually('every writer makes changes', () => haveMade(writers, before, 12), LIMIT)
  await eventually('all agree', async () => (await standingOf(site)).isAgreed, LIMIT)
  const primary = await site.primary()
  const { elections } = await standingOf(site)
  const killed = performance.now()
  const stalled = stalledFor()
  await primary.kill()
  await using watch = new Watch(site)
  await eventually('another primary', async () => (await site.primary()) !== primary, LIMIT)
  const then = writers.made
  await site.revive(primary)
  await eventually('every writer makes changes again', () => haveMade(writers, then, 1), LIMIT)
  const now = performance.now()
  const whole = now - killed
  const share = Math.max(0, 1 - (stalledFor() - stalled) / whole)
  const { elections: later } = await standingOf(site)
  return { whole, own: now - watch.wholeSince, elections: later - elections, share }
}

function haveMade(writers: Writers, before: readonly number[], more: number): boolean {
  return writers.made.every((count, writer) => count >= (before[writer] ?? 0) + more)
}

function longestOf(pauses: readonly number[]): number {
  return Math.round(Math.max(0, ...pauses))
}
