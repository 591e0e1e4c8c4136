import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Node } from '../../src/api/schemas/node.ts'
import { path } from '../../src/cli/client.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { eventually } from '../rig.ts'
import { skip, userspacesOn } from '../wireguard/scene.ts'
import { createNetwork, DEMO, joinAll, logOf, memberOf, openDemo, settled } from './demo.ts'
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

  await client.post(path`/v1/networks/${DEMO}/members`, { node: 'node-4' })
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
  const tunnel = interfaceOf(network, own)
  const before = [await essence(), await userspacesOn(host)]

  const directions = [
    [host, memberOf(members, second).ipv4],
    [second, own.ipv6],
    [third, own.ipv4],
  ] as const
  const traffic = await underTraffic(directions, async () => {
    await wait(AWAY_MS)
    await agent?.stop('SIGKILL', 5_000)
    await eventually('it is missed', async () => !(await nodeNow()).online)
    await wait(AWAY_MS)
    const heir = await startAgent(host, { device: 'auto' })
    await eventually('it is back', async () => (await nodeNow()).online, 10_000)
    await settled(client, DEMO, 3)
    assert.deepEqual(
      logOf(heir).filter(({ msg }) => /repaired|could not/.test(String(msg))),
      [],
    )
  })
  assertNothingLost(traffic)
  // A new key, port or peer would have meant a new handshake.
  assert.deepEqual([await essence(), await userspacesOn(host)], before)

  function nodeNow(): Promise<Node> {
    return client.get<Node>(path`/v1/nodes/${host.name}`)
  }

  async function essence() {
    const { publicKey, listenPort, peers } = await wireguardOf(host, tunnel)
    const handshakes = [...peers.values()].map((peer) => [
      peer.publicKey,
      peer.latestHandshake,
      peer.endpoint,
    ])
    return { publicKey, listenPort, handshakes: handshakes.sort() }
  }
})
