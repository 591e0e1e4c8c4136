import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Network } from '../../src/api/schemas/network.ts'
import { path } from '../../src/cli/client.ts'
import { DEMO } from '../../src/cli/up/demo.ts'
import { symmetric } from '../../src/lab/homes.ts'
import { interfaceOf, tunnelsOn } from '../e2e/tunnel.ts'
import { packetsIn, startCapture } from '../wireguard/capture.ts'
import { skip } from '../wireguard/scene.ts'
import { memberNamed, openWorld, relayBetween, settledPaths } from './world.ts'

/** In each family. */
const PINGS = 20

test('a relay forwards what two members say, and nothing of it can be read there', {
  skip,
  timeout: 180_000,
}, async (t) => {
  await using world = await openWorld(symmetric())
  const { members } = await world.join()
  const relay = world.lab.host(relayBetween(await settledPaths(world), 'a-1', 'b-1'))
  const [from, own, other] = [world.lab.host('a-1'), memberNamed(members, 'a-1'), memberNamed(members, 'b-1')]
  const [transit, ...more] = await tunnelsOn(relay)
  assert.ok(transit && more.length === 0, 'the relay has the transit and nothing else')
  const network = await world.client.get<Network>(path`/v1/networks/${DEMO}`)
  const captures = await Promise.all([
    startCapture(relay, 'eth0'),
    startCapture(relay, transit),
    startCapture(from, interfaceOf(network, own)),
  ])

  // As many bytes as ping(8) takes for a pattern; it fills each packet with them, over and over.
  const marker = randomBytes(16)
  const ping = ['-q', '-n', '-c', String(PINGS), '-i', '0.02', '-s', '400', '-p', marker.toString('hex')]
  for (const address of [other.ipv4, other.ipv6]) await from.exec('ping', [...ping, address], 30_000)

  const [underlay, forwarded, control] = await Promise.all(captures.map((capture) => capture.end()))
  assert.ok(underlay && forwarded && control)
  t.diagnostic(`packets seen: underlay ${packetsIn(underlay)}, transit ${packetsIn(forwarded)}`)
  assert.ok(control.includes(marker), 'the search finds the marker where it is')
  // Request and answer, each of which comes in and goes out.
  for (const seen of [underlay, forwarded]) assert.ok(packetsIn(seen) >= 2 * 2 * 2 * PINGS)
  assert.ok(!underlay.includes(marker), 'on the underlay of the relay')
  assert.ok(!forwarded.includes(marker), 'on the transit interface of the relay')
})
