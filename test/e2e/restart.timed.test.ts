import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '../../src/cli/client.ts'
import type { Host } from '../../src/lab/host.ts'
import { startAgent } from '../../src/lab/weft.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { eventually } from '../rig.ts'
import { skip, userspacesOn } from '../wireguard/scene.ts'
import { createNetwork, DEMO, joinAll, memberOf, openDemo, settled } from './demo.ts'
import { takePort } from './port.ts'
import { assertAllAnswer, assertNothingLost, underTraffic } from './traffic.ts'
import { interfaceOf, wireguardOf } from './tunnel.ts'

/** For a daemon to be away while packets flow. */
const AWAY_MS = 500

test('no ping of 1,000 is lost while the controller is killed and started again, and it goes on from there', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 4 })
  const { client, lab, nodes } = demo
  await createNetwork(client, { name: DEMO })
  const [first, second, third] = [lab.host('node-1'), lab.host('node-2'), lab.host('node-3')]
  await joinAll(client, [first, second, third], [DEMO])
  await joinAll(client, [lab.host('node-4')], [])
  const members = await settled(client, DEMO, 3)
  await assertAllAnswer([first, second, third], members)

  const directions = [
    [first, memberOf(members, second).ipv4],
    [second, memberOf(members, first).ipv6],
    [third, memberOf(members, second).ipv4],
  ] as const
  const traffic = await underTraffic(directions, async () => {
    await wait(AWAY_MS)
    await demo.killController()
    await wait(AWAY_MS)
    await demo.startController()
  })
  assertNothingLost(traffic)
  assert.deepEqual([...(await settled(client, DEMO, 3))], [...members])

  await client.call('addMember', { path: { network: DEMO }, body: { node: 'node-4' } })
  await assertAllAnswer(nodes, await settled(client, DEMO, 4))
})

test('no ping of 1,000 is lost while an agent is killed and started again, and it adopts its interface', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 3 })
  const { client, lab, nodes } = demo
  const [host, second, third] = [lab.host('node-1'), lab.host('node-2'), lab.host('node-3')]
  const network = await createNetwork(client, { name: DEMO })
  // Its port is another than the one that an agent would choose anew.
  const taker = await takePort(host, 'udp4')
  const [agent] = await joinAll(client, nodes, [DEMO])
  const members = await settled(client, DEMO, 3)
  await taker.stop('SIGKILL', 5_000)
  await assertAllAnswer(nodes, members)
  const own = memberOf(members, host)
  const before = await essenceOf(host, interfaceOf(network, own))
  const directions = [
    [host, memberOf(members, second).ipv4],
    [second, own.ipv6],
    [third, own.ipv4],
  ] as const
  const traffic = await underTraffic(directions, async () => {
    await wait(AWAY_MS)
    await agent?.stop('SIGKILL', 5_000)
    await eventually('it is missed', async () => !(await isOnline(client, host)))
    await wait(AWAY_MS)
    await startAgent(host, { device: 'auto' })
    await eventually('it is back', () => isOnline(client, host), 10_000)
    await settled(client, DEMO, 3)
  })
  assertNothingLost(traffic)
  assert.deepEqual(await essenceOf(host, interfaceOf(network, own)), before)
})

/** What stays the same when an interface is adopted: a new key, port or peer would mean a new handshake. */
async function essenceOf(host: Host, tunnel: InterfaceName) {
  const { publicKey, listenPort, peers } = await wireguardOf(host, tunnel)
  const sessions = [...peers.values()].map(
    (peer) => `${peer.publicKey} at ${peer.endpoint} since ${peer.latestHandshake}`,
  )
  return { publicKey, listenPort, sessions: sessions.sort(), processes: await userspacesOn(host) }
}

async function isOnline(client: Client, { name }: Host): Promise<boolean> {
  return (await client.call('showNode', { path: { node: name } })).online
}
