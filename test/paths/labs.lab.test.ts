import { test } from 'node:test'
import { captive, doubleNat } from '../../src/lab/homes.ts'
import { flat } from '../../src/lab/topology.ts'
import { dualStack, sites } from '../../src/lab/wider.ts'
import { linkMtu, relayedMtu } from '../../src/topology/mtu.ts'
import { skip } from '../wireguard/scene.ts'
import { assertCarries } from './carries.ts'
import { openStage } from './stage.ts'

// The other named labs have files of their own: something befalls them.
for (const scenario of [flat(4), doubleNat(), captive(), sites()]) {
  test(`in the lab ${scenario.name} every pair answers in both families, over the path expected`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    await using _ = await openStage(t, scenario)
  })
}

test('in the lab dual-stack every pair answers, and between families as much passes as relays have room for', {
  skip,
  timeout: 180_000,
}, async (t) => {
  await using stage = await openStage(t, dualStack())
  await assertCarries(stage, ['six-1', 'six-2'], linkMtu(1_500, 6))
  await assertCarries(stage, ['four-1', 'six-1'], relayedMtu(1_500))
})
