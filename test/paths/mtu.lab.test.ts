import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { DEMO } from '../../src/cli/up/demo.ts'
import { pingAll } from '../../src/lab/ping.ts'
import { mtu } from '../../src/lab/wider.ts'
import { linkMtu, relayedMtu } from '../../src/topology/mtu.ts'
import { interfaceOf } from '../e2e/tunnel.ts'
import { skip } from '../wireguard/scene.ts'
import { assertBlind } from './blindness.ts'
import { assertCarries } from './carries.ts'
import { openStage, type Stage } from './stage.ts'
import { memberNamed, settledPaths } from './world.ts'

/** Until packets flow through a relay, and until the path is direct again. */
const AWAY_MS = 10_000
const BACK_MS = 60_000

test('on underlays of every size each path carries what is stated for it; a dead direct path gives way to a relay, and returns', {
  skip,
  timeout: 240_000,
}, async (t) => {
  await using stage = await openStage(t, mtu())
  const { lab, client, members } = stage
  for (const underlay of [1_280, 1_420, 1_492])
    await assertCarries(stage, ['mtu-1500', `mtu-${underlay}`], linkMtu(underlay, 4))
  const network = await client.call('showNetwork', { path: { network: DEMO } })
  const [from, clear] = [lab.host('mtu-1500'), interfaceOf(network, memberNamed(members, 'mtu-1500'))]
  const addresses = stage.addressesOf('mtu-1492')
  await assertBlind(t, { from, addresses, clear, between: [lab.host('internet')] })

  const cut = performance.now()
  await lab.underlay.cut('mtu-1500', 'mtu-1492')
  await assertFlows(stage, 'mtu-1500', 'mtu-1492')
  const away = performance.now() - cut
  t.diagnostic(`direct path dead: packets flow again after ${(away / 1_000).toFixed(1)} s`)
  assert.ok(away < AWAY_MS, `${away} ms`)
  assert.equal(await kindOf(stage, 'relayed', AWAY_MS), 'relayed and relayed')
  await assertCarries(stage, ['mtu-1500', 'mtu-1492'], relayedMtu(1_492))

  const mended = performance.now()
  await lab.underlay.mend()
  assert.equal(await kindOf(stage, 'direct', BACK_MS), 'direct and direct')
  t.diagnostic(`direct path mended: taken again after ${((performance.now() - mended) / 1_000).toFixed(1)} s`)
  await settledPaths(stage)

  // Narrower than what the transit needs: its own packets go in pieces.
  await lab.underlay.cut('mtu-1500', 'mtu-1280')
  await assertFlows(stage, 'mtu-1500', 'mtu-1280')
  await assertCarries(stage, ['mtu-1500', 'mtu-1280'], relayedMtu(1_280))
})

async function assertFlows({ lab, addressesOf }: Stage, a: string, b: string): Promise<void> {
  const probes = [
    [a, b],
    [b, a],
  ].flatMap(([from = '', to = '']) =>
    addressesOf(to).map((address) => ({
      from: lab.host(from),
      to,
      address,
      family: address.includes(':') ? (6 as const) : (4 as const),
    })),
  )
  const answers = await pingAll(probes, 30_000)
  assert.ok(answers.every(({ answered }) => answered))
}

/** Over what the two talk, there and back, once both are of this kind or the time is over. */
async function kindOf({ client }: Stage, kind: string, limit: number): Promise<string> {
  const pair = { path: { network: DEMO }, query: { from: 'mtu-1500', to: 'mtu-1492' } }
  for (const deadline = performance.now() + limit; ; await wait(250)) {
    const { directions } = await client.call('explainPaths', pair)
    const kinds = directions.map(({ inUse }) => inUse.kind)
    if (kinds.every((each) => each === kind) || performance.now() > deadline) return kinds.join(' and ')
  }
}
