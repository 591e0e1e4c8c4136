import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Host } from '../../src/lab/host.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { eventually } from '../rig.ts'
import { skip, userspacesOn } from '../wireguard/scene.ts'
import { createToken, DEMO, memberOf, openMesh, settled, stopInOrder } from './demo.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, linkOf, privateKeyOn, tunnelsOn, wireguardOf } from './tunnel.ts'

/** From the start of an agent to its tunnels, while no controller answers. */
const BOOT_MS = 3_000
/** Tries to be that fast: other work on the machine may slow one down. */
const BOOTS = 3

test('a node of which only the identity is left gets the same plan and the same key again', {
  skip,
}, async () => {
  await using demo = await openMesh({ nodes: 2 })
  const { client, lab, nodes, agents } = demo
  const members = await settled(client, DEMO, 2)
  await assertAllAnswer(nodes, members)
  const host = lab.host('node-1')
  const tunnel = interfaceOf(
    await client.call('showNetwork', { path: { network: DEMO } }),
    memberOf(members, host),
  )
  const key = await privateKeyOn(host, tunnel)

  if (agents[0]) await stopInOrder(agents[0])
  await takeDown(host, tunnel)
  wipe(join(host.dir, 'state'), 'identity.seed')
  const lost = await startAgent(host, { device: 'auto' })
  await assert.rejects(lost.waitFor(/connected/, 10_000), { message: /has not joined a controller yet/ })
  await startAgent(host, { device: 'auto', token: await createToken(client, []) })

  await eventually('its tunnel is back', async () => (await tunnelsOn(host)).includes(tunnel), 10_000)
  assert.deepEqual([...(await settled(client, DEMO, 2))], [...members])
  assert.deepEqual(await privateKeyOn(host, tunnel), key)
  await assertAllAnswer(nodes, members)
})

test('after a reboot tunnels come up from the last good plan within 3 s, while no controller answers', {
  skip,
}, async () => {
  await using demo = await openMesh({ nodes: 3 })
  const { client, nodes } = demo
  const members = await settled(client, DEMO, 3)
  await assertAllAnswer(nodes, members)
  const network = await client.call('showNetwork', { path: { network: DEMO } })
  await demo.killController()

  let { agents } = demo
  const times: number[] = []
  while (times.length < BOOTS && !times.some((time) => time < BOOT_MS)) times.push(await reboot())
  assert.ok(Math.min(...times) < BOOT_MS, `it took ${times.map(Math.round).join(', ')} ms`)
  await assertAllAnswer(nodes, members)

  await demo.startController()
  assert.deepEqual([...(await settled(client, DEMO, 3))], [...members])

  /** Milliseconds from the start of the agents until all have their plan on the interface. */
  async function reboot(): Promise<number> {
    await Promise.all(agents.map(stopInOrder))
    for (const host of nodes) await takeDown(host, interfaceOf(network, memberOf(members, host)))
    const start = performance.now()
    agents = await Promise.all(nodes.map((host) => startAgent(host, { device: 'auto' })))
    for (const host of nodes) await eventually(`${host.name} has its plan`, () => isUp(host), 10 * BOOT_MS)
    return performance.now() - start
  }

  async function isUp(host: Host): Promise<boolean> {
    const { ipv4, ipv6, ...member } = memberOf(members, host)
    const tunnel = interfaceOf(network, member)
    if (!(await tunnelsOn(host)).includes(tunnel)) return false
    const [{ addresses }, { peers }] = [await linkOf(host, tunnel), await wireguardOf(host, tunnel)]
    return addresses.includes(ipv4) && addresses.includes(ipv6) && peers.size === 2
  }
})

/** Deletes the interface, as a reboot does. */
async function takeDown(host: Host, tunnel: string): Promise<void> {
  await host.exec('ip', ['link', 'delete', 'dev', tunnel])
  assert.deepEqual(await tunnelsOn(host), [])
  await eventually('its wireguard-go has ended', async () => (await userspacesOn(host)).length === 0)
}

function wipe(folder: string, kept: string): void {
  assert.ok(readdirSync(folder).includes(kept))
  for (const name of readdirSync(folder).filter((name) => name !== kept))
    rmSync(join(folder, name), { recursive: true })
}
