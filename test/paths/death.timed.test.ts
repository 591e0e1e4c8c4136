import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { symmetric } from '../../src/lab/homes.ts'
import type { PingCount } from '../../src/lab/ping.ts'
import { underTraffic } from '../e2e/traffic.ts'
import { skip } from '../wireguard/scene.ts'
import { memberNamed, openWorld, relayBetween, settledPaths } from './world.ts'

/** From the last answer before the relay died to the first after it. */
const GAP_MS = 3_000

test('when the relay of a link dies, traffic flows again within 3 s through the other one', {
  skip,
  timeout: 180_000,
}, async (t) => {
  await using world = await openWorld(symmetric())
  const { members, agents } = await world.join()
  const dead = relayBetween(await settledPaths(world), 'a-1', 'b-1')
  const [a, b] = [memberNamed(members, 'a-1'), memberNamed(members, 'b-1')]
  const began = performance.now()
  const { counts } = await underTraffic(
    [
      [world.lab.host('a-1'), b.ipv4],
      [world.lab.host('b-1'), a.ipv6],
    ],
    async () => {
      await wait(1_000)
      await Promise.all([agents.get(dead)?.stop('SIGKILL', 3_000), world.lab.underlay.unplug(dead)])
    },
  )
  // The pace of the pings as it was on a busy machine, and rather too slow than too fast.
  const gaps = counts.map((count) =>
    Math.round((longestRun(count) * (performance.now() - began)) / count.sent),
  )
  t.diagnostic(`longest gaps after the death of ${dead}: ${gaps.join(' ms, ')} ms`)
  for (const { sent, lost } of counts) {
    assert.equal(sent, 1_000)
    assert.ok(lost.length > 0, 'the link did go through the relay that died')
    assert.ok(!lost.includes(sent), 'the last ping was answered')
  }
  assert.notEqual(relayBetween(await settledPaths(world), 'a-1', 'b-1'), dead)
  for (const gap of gaps) assert.ok(gap <= GAP_MS, `${gap} ms without an answer`)
})

/** How many pings in a row were lost, at most. */
function longestRun({ lost }: PingCount): number {
  let [longest, run, last] = [0, 0, 0]
  for (const number of lost) {
    run = number === last + 1 ? run + 1 : 1
    longest = Math.max(longest, run)
    last = number
  }
  return longest
}
