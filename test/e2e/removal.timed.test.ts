import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../src/lab/host.ts'
import { pingAll } from '../../src/lab/ping.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { eventually } from '../rig.ts'
import { skip, userspacesOn } from '../wireguard/scene.ts'
import { DEMO, memberOf, openMesh, settled } from './demo.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, tunnelsOn, wireguardOf } from './tunnel.ts'

test('a removed member is gone from every other one within a second, and takes its interface down', {
  skip,
}, async () => {
  await using demo = await openMesh({ nodes: 4 })
  const { client, lab, nodes } = demo
  const members = await settled(client, DEMO, 4)
  await assertAllAnswer(nodes, members)
  const network = await client.call('showNetwork', { path: { network: DEMO } })
  const leaver = lab.host('node-4')
  const { publicKey, ipv4 } = memberOf(members, leaver)
  const others = nodes.filter((host) => host !== leaver)

  const start = performance.now()
  await client.call('removeMember', { path: { network: DEMO, node: leaver.name } })
  await Promise.all(
    others.map((host) => {
      const tunnel = interfaceOf(network, memberOf(members, host))
      return eventually(`${host.name} forgets it`, async () => !(await keysOn(host, tunnel)).has(publicKey))
    }),
  )
  const took = performance.now() - start
  assert.ok(took < 1_000, `it took ${Math.round(took)} ms`)

  await eventually('its interface is gone', async () => (await tunnelsOn(leaver)).length === 0)
  assert.deepEqual(await userspacesOn(leaver), [])
  const toLeaver = others.map((from) => ({ from, to: leaver.name, address: ipv4, family: 4 }) as const)
  assert.ok((await pingAll(toLeaver, 1_000)).every(({ answered }) => !answered))
  await assertAllAnswer(others, await settled(client, DEMO, 3))
})

test('a member that returns has its addresses again, a new key, and reaches all', { skip }, async () => {
  await using demo = await openMesh({ nodes: 3 })
  const { client, nodes } = demo
  const before = (await settled(client, DEMO, 3)).get('node-2')
  await client.call('removeMember', { path: { network: DEMO, node: 'node-2' } })
  await settled(client, DEMO, 2)
  await client.call('addMember', { path: { network: DEMO }, body: { node: 'node-2' } })
  const members = await settled(client, DEMO, 3)
  const after = members.get('node-2')
  assert.ok(before && after)
  assert.deepEqual([after.ipv4, after.ipv6], [before.ipv4, before.ipv6])
  assert.notEqual(after.publicKey, before.publicKey)
  await assertAllAnswer(nodes, members)
})

/** Public keys of the peers of an interface. */
async function keysOn(host: Host, tunnel: InterfaceName): Promise<ReadonlySet<string | null>> {
  return new Set((await wireguardOf(host, tunnel)).peers.keys())
}
