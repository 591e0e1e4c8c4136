import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Host } from '../../src/lab/host.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { pingAll, startPings } from '../../src/lab/ping.ts'
import { flat } from '../../src/lab/topology.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import type { PlannedPeer } from '../../src/wireguard/plan.ts'
import { peer, publicKey } from './fixture.ts'
import { nameOf, ordersFor, runId, skip } from './scene.ts'
import { type Station, startStation } from './station.ts'

/** Member 1 is on host `node-1`, member 2 on `node-2`. */
let lab: Lab
let hosts: readonly [Host, Host]
let stations: [Station, Station]

const port = 51_820

before(async () => {
  if (skip) return
  lab = await buildLab(flat(2), { id: runId, isolated: true })
  hosts = [lab.host('node-1'), lab.host('node-2')]
  stations = [await startStation(hosts[0]), await startStation(hosts[1])]
  await stations[0].call('reconcile', ordersFor(1, [other(2)]))
  await stations[1].call('reconcile', ordersFor(2, [other(1)]))
})

after(async () => {
  if (skip) return
  for (const station of stations) await station.kill()
  await lab[Symbol.asyncDispose]()
})

/** The other member as a peer; `at` is its port. */
function other(member: 1 | 2, at = port): PlannedPeer {
  const [address = ''] = hosts[member - 1]?.addresses ?? []
  return peer(member, { endpoint: parseEndpoint(`${address}:${at}`) })
}

test('two hosts answer each other over the tunnel in both families', { skip }, async () => {
  // One after the other: when both sides begin a handshake in the same moment, each drops the other's, for 5 s.
  for (const [from, to, address, family] of [
    [hosts[0], 'node-2', '10.0.2.1', 4],
    [hosts[1], 'node-1', 'fd12:3456:789a:1::1', 6],
  ] as const) {
    const [answer] = await pingAll([{ from, to, address, family }], 5_000)
    assert.ok(answer?.answered, address)
  }
  const { peers } = await stations[0].call('observe', nameOf(1))
  const seen = peers.get(publicKey(2))
  assert.ok(seen && seen.rxBytes > 0 && Date.now() / 1000 - seen.latestHandshake < 10)
})

test('no ping of 1,000 is lost while 200 other peers come, change and go', { skip }, async () => {
  const endpoint = parseEndpoint('192.0.2.1:51820')
  const crowds = [
    (index: number) => peer(1_000 + index),
    (index: number) => peer(1_000 + index, { keepalive: 25, endpoint }),
    (index: number) => peer(1_000 + index, { publicKey: publicKey(2_000 + index) }),
    (index: number) => peer(3_000 + index),
  ].map((member) => Array.from({ length: 200 }, (_, index) => member(index)))
  const pings = await startPings(hosts[0], '10.0.2.1', { count: 1_000, interval: 10 })
  let over = false
  const counted = pings.done.finally(() => {
    over = true
  })
  let churned = 0
  for (let round = 0; !over; round += 1) {
    const orders = ordersFor(1, [other(2), ...(crowds[round % crowds.length] ?? [])])
    churned += (await stations[0].call('reconcile', orders)).steps.length
    await wait(50)
  }
  assert.deepEqual(await counted, { sent: 1_000, lost: [] })
  assert.ok(churned > 5_000, `${churned} steps`)
  await stations[0].call('reconcile', ordersFor(1, [other(2)]))
})

test('no ping of 500 is lost when the maker of the tunnel is killed and another takes over', {
  skip,
}, async () => {
  const pings = await startPings(hosts[0], 'fd12:3456:789a:2::1', { count: 500, interval: 10 })
  await stations[0].kill()
  await wait(500)
  stations[0] = await startStation(hosts[0])
  assert.deepEqual((await stations[0].call('reconcile', ordersFor(1, [other(2)]))).steps, [])
  assert.deepEqual(await pings.done, { sent: 500, lost: [] })
})

test('a peer that speaks from elsewhere is followed, and stays so until the plan says another place', {
  skip,
}, async () => {
  await stations[1].call('reconcile', ordersFor(2, [other(1)], 51_899))
  await pingAll([{ from: hosts[1], to: 'node-1', address: '10.0.1.1', family: 4 }], 5_000)
  const endpoint = async () => {
    const { peers } = await stations[0].call('observe', nameOf(1))
    return peers.get(publicKey(2))?.endpoint
  }
  const found = other(2, 51_899).endpoint
  assert.equal(await endpoint(), found)
  assert.deepEqual((await stations[0].call('reconcile', ordersFor(1, [other(2)]))).steps, [])
  assert.equal(await endpoint(), found)
  const elsewhere = other(2, 51_898)
  assert.deepEqual((await stations[0].call('reconcile', ordersFor(1, [elsewhere]))).steps, ['set-peer'])
  assert.equal(await endpoint(), elsewhere.endpoint)
})
