import { test } from 'node:test'
import { DEMO } from '../../src/cli/up/demo.ts'
import { cone, symmetric } from '../../src/lab/homes.ts'
import { publicPort } from '../../src/lab/internet.ts'
import type { Scenario } from '../../src/lab/topology.ts'
import { linkMtu } from '../../src/topology/mtu.ts'
import { interfaceOf } from '../e2e/tunnel.ts'
import { skip } from '../wireguard/scene.ts'
import { assertBlind } from './blindness.ts'
import { assertCarries } from './carries.ts'
import { NEIGHBOURS, privateEndpointsOnly } from './private.ts'
import { openStage } from './stage.ts'
import { memberNamed } from './world.ts'

test('behind routers that keep ports: holes are punched, nobody between can read, and all heals whatever befalls the routers', {
  skip,
  timeout: 240_000,
}, async (t) => {
  await using stage = await openStage(t, cone(), privateEndpointsOnly(NEIGHBOURS))
  const { lab, client, members, agents, addressesOf } = stage
  const network = await client.call('showNetwork', { path: { network: DEMO } })
  const from = lab.host('a-1')
  const clear = interfaceOf(network, memberNamed(members, 'a-1'))

  const routers = ['nat-a', 'internet', 'nat-b'].map((name) => lab.host(name))
  await assertBlind(t, { from, addresses: addressesOf('b-1'), clear, between: routers })
  // Over the LAN of one, and through holes in both translations.
  for (const other of ['a-2', 'b-1']) await assertCarries(stage, ['a-1', other], linkMtu(1_500, 4))
  const cables = ['a-1', 'a-2'].map((name) => ({ host: lab.host(name), device: 'eth0' }))
  await assertBlind(t, { from, addresses: addressesOf('a-2'), clear, cables })

  await stage.after(
    'a router gets another public address',
    () => lab.underlay.move('nat-a', publicPort(4, { number: 3 })),
    cone(),
  )
  await stage.after(
    'a router gets symmetric',
    () => lab.underlay.setNat('nat-b', 'symmetric'),
    halfSymmetric(),
  )
  await stage.after('it keeps ports again', () => lab.underlay.setNat('nat-b', 'cone'), cone())
  await stage.after('an agent is killed and started again', async () => {
    await agents.get('a-2')?.stop('SIGKILL', 5_000)
    await stage.startAgent('a-2')
  })
  await stage.killController()
  await stage.after('both routers forget all, and no controller is there', async () => {
    await lab.underlay.reboot('nat-a')
    await lab.underlay.reboot('nat-b')
  })
  await stage.after('the controller is back', () => stage.startController(), cone())
})

/** As `cone`, but between the homes relays carry what is said: one translation that nobody can punch through is enough. */
function halfSymmetric(): Scenario {
  return { ...cone(), paths: symmetric().paths }
}
