import { test } from 'node:test'
import { sameLan } from '../../src/lab/homes.ts'
import { skip } from '../wireguard/scene.ts'
import { NEIGHBOURS, privateEndpointsOnly } from './private.ts'
import { openStage } from './stage.ts'

test('in the lab same-lan every pair answers, and a private endpoint never reaches a node outside its LAN', {
  skip,
  timeout: 180_000,
}, async (t) => {
  await using _ = await openStage(t, sameLan(), privateEndpointsOnly(NEIGHBOURS))
})
