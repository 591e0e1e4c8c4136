import { test } from 'node:test'
import { captive, doubleNat } from '../../src/lab/homes.ts'
import { flat } from '../../src/lab/topology.ts'
import { dualStack, sites } from '../../src/lab/wider.ts'
import { skip } from '../wireguard/scene.ts'
import { openStage } from './stage.ts'

// The other named labs have files of their own: something befalls them.
for (const scenario of [flat(4), doubleNat(), dualStack(), captive(), sites()]) {
  test(`in the lab ${scenario.name} every pair answers in both families, over the path expected`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    await using _ = await openStage(t, scenario)
  })
}
