import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseCidr } from '../../src/address/cidr.ts'
import { Tunnel } from '../../src/agent/tunnel.ts'
import { WeftError } from '../../src/errors.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { createKeyPair } from '../../src/keys/wireguard.ts'
import type { Endpoint, Step } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { interfaceName } from '../../src/wireguard/name.ts'
import { network, nodeId, record } from '../protocol/samples.ts'
import { HandClock } from './clock.ts'

const PLAN = {
  networkId: network,
  alias: 'weft demo',
  ranges: [parseCidr('10.1.0.0/16'), parseCidr('fd00:0:1::/48')],
  mtu: 1_420,
}

it('After a move peers get their endpoints anew, and those that are kept in touch with a packet at once', async () => {
  const device = await new MemoryDriver().open(interfaceName(nodeId(1), network))
  const taken: (readonly Step[])[] = []
  const apply = (steps: readonly Step[]) => {
    taken.push(steps)
    return device.apply(steps)
  }
  const recorder = { ...device, apply }
  const ports = { free: () => 51_820, used: () => [] }
  const tunnel = await Tunnel.adopt(recorder, new HandClock(), ports)
  const [kept, waiting] = [record(2).publicKey, record(3).publicKey]
  const endpoint = '192.0.2.2:51820' as Endpoint
  const peers = [
    { publicKey: kept, allowedIps: [parseCidr('10.1.2.0/24')], endpoint, keepalive: 25 },
    { publicKey: waiting, allowedIps: [parseCidr('10.1.3.0/24')], keepalive: 0 },
  ]
  const { ipv4, ipv6 } = record(1)
  const ranges = [parseCidr('10.1.0.0/16'), parseCidr('fd00:0:1::/48')]
  const self = { addresses: [ipv4, ipv6] }
  const plan = { networkId: network, alias: 'weft demo', ranges, mtu: 1_420, self, peers }
  await tunnel.apply(plan, createKeyPair(systemRandom))
  taken.length = 0
  await tunnel.announce()
  assert.deepEqual(taken, [
    [{ kind: 'set-peer', peer: { publicKey: kept, keepalive: 0 } }],
    [{ kind: 'set-peer', peer: { publicKey: kept, endpoint, keepalive: 25 } }],
  ])
  assert.deepEqual((await tunnel.inspect()).drift, [])
})

it('Peers that a plan has no longer go even where it cannot be carried out, and no other comes', async () => {
  const device = await new MemoryDriver().open(interfaceName(nodeId(1), network))
  const tunnel = await Tunnel.adopt(device, new HandClock(), { free: () => 51_820, used: () => [] })
  const { ipv4, ipv6 } = record(1)
  const planWith = (...numbers: readonly number[]) => ({
    ...PLAN,
    self: { addresses: [ipv4, ipv6] },
    peers: numbers.map((number) => ({
      publicKey: record(number).publicKey,
      allowedIps: [parseCidr(`10.1.${number}.0/24`)],
      keepalive: 0,
    })),
  })
  const keys = createKeyPair(systemRandom)
  await tunnel.narrow(planWith(2))
  assert.equal((await device.observe()).peers.size, 0)
  await tunnel.apply(planWith(2, 3), keys)
  await tunnel.narrow(planWith(3, 4))
  assert.deepEqual([...(await device.observe()).peers.keys()], [record(3).publicKey])
  await tunnel.apply(planWith(3, 4), keys)
  assert.equal((await device.observe()).peers.size, 2)
})

it('What was not carried out when drift was put right is found by the next plan', async () => {
  const name = interfaceName(nodeId(1), network)
  const driver = new MemoryDriver()
  const device = await driver.open(name)
  let isFailing = false
  const apply = async (steps: readonly Step[]) => {
    if (isFailing) throw new WeftError('program-failed', 'told to fail')
    await device.apply(steps)
  }
  const tunnel = await Tunnel.adopt({ ...device, apply }, new HandClock(), {
    free: () => 51_820,
    used: () => [],
  })
  const { ipv4, ipv6 } = record(1)
  const plan = {
    ...PLAN,
    self: { addresses: [ipv4, ipv6] },
    // More than are worked out at a time.
    peers: Array.from({ length: 1_200 }, (_, at) => ({
      publicKey: createKeyPair(systemRandom).publicKey,
      allowedIps: [parseCidr(`10.1.${at >> 8}.${at & 255}/32`)],
      keepalive: 0,
    })),
  }
  const keys = createKeyPair(systemRandom)
  await tunnel.apply(plan, keys)
  assert.equal(tunnel.seen?.size, 1_200)
  const [lost] = plan.peers
  assert.ok(lost)
  await device.apply([{ kind: 'remove-peer', publicKey: lost.publicKey }])
  isFailing = true
  await assert.rejects(tunnel.inspect(), { code: 'program-failed' })
  isFailing = false
  await tunnel.apply(plan, keys)
  assert.equal((await device.observe()).peers.size, 1_200)
})

it('What one tunnel saw of an interface is passed over by the next one, however often either has changed it', async () => {
  const device = await new MemoryDriver().open(interfaceName(nodeId(1), network))
  const adopt = () => Tunnel.adopt(device, new HandClock(), { free: () => 51_820, used: () => [] })
  const { ipv4, ipv6, publicKey } = record(1)
  const plan = {
    ...PLAN,
    self: { addresses: [ipv4, ipv6] },
    peers: [{ publicKey, allowedIps: [parseCidr('10.1.2.0/24')], keepalive: 0 }],
  }
  const keys = createKeyPair(systemRandom)
  const before = await adopt()
  const [early, bare] = [await before.observe(), await before.glance()]
  await before.apply(plan, keys)
  const late = await before.observe()
  assert.ok(before.isOfNow(late) && !before.isOfNow(early))

  const next = await adopt()
  assert.ok(!next.isOfNow(early) && !next.isOfNow(bare), 'both had changed nothing')
  await device.apply([{ kind: 'remove-peer', publicKey }])
  await next.apply({ ...plan, peers: [], mtu: 1_400 }, keys)
  assert.ok(!next.isOfNow(late), 'both had changed it once')
  assert.deepEqual((await next.inspect(late)).drift, [])
})
