import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SCENARIOS } from '../../src/lab/named.ts'
import { allPairs, pingAll } from '../../src/lab/ping.ts'
import { expectedPath } from '../../src/lab/topology.ts'
import { skip } from '../wireguard/scene.ts'
import { memberNamed, openWorld, SETTLE_MS, settledPaths } from './world.ts'

for (const scenario of SCENARIOS) {
  test(`in the lab ${scenario.name} every pair answers in both families, over the path expected`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    await using world = await openWorld(scenario)
    const started = performance.now()
    const { members } = await world.join()
    const joined = performance.now()
    const probes = allPairs(world.hosts, ({ name }) => {
      const { ipv4, ipv6 } = memberNamed(members, name)
      return [ipv4, ipv6]
    })
    const [answers, paths] = await Promise.all([pingAll(probes, SETTLE_MS), settledPaths(world)])
    const settled = performance.now()
    const silent = answers.filter(({ answered }) => !answered)
    assert.deepEqual(
      silent.map(({ from, to, family }) => `${from.name} to ${to} over IPv${family}`),
      [],
    )
    const count = world.hosts.length * (world.hosts.length - 1)
    assert.deepEqual([answers.length, paths.length], [2 * count, count])
    for (const { from, to, kind } of paths) assert.equal(kind, expectedPath(scenario, from, to))
    t.diagnostic(
      `${scenario.name}: joined in ${seconds(joined - started)} s, settled ${seconds(settled - joined)} s later`,
    )
    assert.ok(settled - joined < SETTLE_MS, `settled after ${seconds(settled - joined)} s`)
  })
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}
