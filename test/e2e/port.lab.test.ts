import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Network } from '../../src/api/schemas/network.ts'
import type { Host } from '../../src/lab/host.ts'
import { skip } from '../wireguard/scene.ts'
import { createNetwork, DEMO, joinAll, memberOf, openDemo, settled } from './demo.ts'
import { takePort, USUAL_PORT } from './port.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, wireguardOf } from './tunnel.ts'

test('a node whose port is taken, in one family even, moves to another, and all pairs answer', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 3 })
  const { client, lab, nodes } = demo
  const takers = [await takePort(lab.host('node-1'), 'udp4'), await takePort(lab.host('node-2'), 'udp6')]
  const network: Network = await createNetwork(client, { name: DEMO })
  await joinAll(client, nodes, [DEMO], { WEFT_LISTEN_PORT: String(USUAL_PORT) })
  const members = await settled(client, DEMO, 3)
  await assertAllAnswer(nodes, members)
  const ports = await Promise.all(nodes.map((host) => portsOf(host)))
  assert.deepEqual(ports, [
    { told: USUAL_PORT + 1, bound: USUAL_PORT + 1 },
    { told: USUAL_PORT + 1, bound: USUAL_PORT + 1 },
    { told: USUAL_PORT, bound: USUAL_PORT },
  ])
  assert.deepEqual(
    takers.map(({ running }) => running),
    [true, true],
  )

  /** What the controller knows, and what is. */
  async function portsOf(host: Host) {
    const member = memberOf(await settled(client, DEMO, 3), host)
    const { listenPort } = await wireguardOf(host, interfaceOf(network, member))
    return { told: member.listenPort, bound: listenPort }
  }
})
