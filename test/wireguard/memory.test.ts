import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCidr } from '../../src/address/cidr.ts'
import { desiredDevice } from '../../src/wireguard/blueprint.ts'
import type { Step } from '../../src/wireguard/device.ts'
import { diff } from '../../src/wireguard/diff.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { demoPlan, interfaceNamed, keyPair, peer, publicKey } from './fixture.ts'

const name = interfaceNamed('wfxa')
const own = { ...keyPair(1), listenPort: 51_820 }
const desired = desiredDevice(demoPlan(1, [peer(2), peer(3)]), own)

test('an interface is made down and empty, adopted as it is, and gone after its removal', async () => {
  const driver = new MemoryDriver()
  const device = await driver.open(name)
  const found = await device.observe()
  assert.deepEqual([found.up, found.publicKey, found.peers.size, found.listenPort], [false, undefined, 0, 0])
  await device.apply(diff(found, desired, { now: 0 }))
  const adopted = await (await driver.open(name)).observe()
  assert.deepEqual([adopted.up, adopted.publicKey, adopted.peers.size], [true, own.publicKey, 2])
  assert.deepEqual(await device.observePeers(), adopted.peers)
  assert.deepEqual(await driver.list('wf'), [name])
  assert.deepEqual(await driver.list('wg'), [])
  await driver.remove(name)
  await driver.remove(name)
  assert.deepEqual(await driver.list('wf'), [])
  await assert.rejects(device.observe(), { code: 'not-found' })
})

test('a port that another program uses is refused when the interface is up, or goes up', async () => {
  const takenPorts = new Set([51_820])
  const device = await new MemoryDriver({ takenPorts }).open(name)
  const setPort: Step = { kind: 'set-port', listenPort: 51_820 }
  await device.apply([setPort])
  await assert.rejects(device.apply([{ kind: 'set-up' }]), { code: 'port-taken' })
  takenPorts.clear()
  await device.apply([{ kind: 'set-up' }])
  takenPorts.add(51_821)
  await assert.rejects(device.apply([{ ...setPort, listenPort: 51_821 }]), { code: 'port-taken' })
  assert.equal((await device.observe()).listenPort, 51_820)
})

test('the step that was told to fail fails once; those before it are taken, those behind are not', async () => {
  const device = await new MemoryDriver({ failingStep: 1 }).open(name)
  const steps: Step[] = [1340, 1300, 1280].map((mtu) => ({ kind: 'set-mtu', mtu }))
  await assert.rejects(device.apply(steps), { code: 'program-failed' })
  assert.equal((await device.observe()).mtu, 1340)
  await device.apply(steps)
  assert.equal((await device.observe()).mtu, 1280)
})

test('it refuses what the tools refuse', async () => {
  const device = await new MemoryDriver().open(name)
  const range = { route: parseCidr('10.0.0.0/8'), mtu: undefined, replaces: false }
  const [address] = desired.addresses
  assert.ok(address)
  await assert.rejects(device.apply([{ kind: 'add-route', ...range }]), { code: 'program-failed' })
  await assert.rejects(device.apply([{ kind: 'remove-address', address }]), { code: 'program-failed' })
  await device.apply([{ kind: 'set-up' }, { kind: 'add-route', ...range }, { kind: 'add-address', address }])
  await assert.rejects(device.apply([{ kind: 'add-route', ...range }]), { code: 'already-exists' })
  await assert.rejects(device.apply([{ kind: 'add-address', address }]), { code: 'already-exists' })
})

test('a route that replaces another changes its MTU', async () => {
  const device = await new MemoryDriver().open(name)
  const route = parseCidr('10.0.2.0/24')
  const steps = [1340, 1280, undefined].map((mtu, place) => ({ route, mtu, replaces: place > 0 }))
  await device.apply([{ kind: 'set-up' }])
  for (const step of steps) {
    await device.apply([{ kind: 'add-route', ...step }])
    assert.deepEqual((await device.observe()).routes, new Map([[route, step.mtu]]))
  }
})

test('a peer without allowed IPs is added, and stays when it is wanted', async () => {
  const device = await new MemoryDriver().open(name)
  const witness = peer(9, { allowedIps: [], keepalive: 25 })
  const wanted = desiredDevice(demoPlan(1, [peer(2), witness]), own)
  await device.apply(diff(await device.observe(), wanted, { now: 0 }))
  assert.deepEqual(diff(await device.observe(), wanted, { now: 0 }), [])
  const { allowedIps, keepalive } = (await device.observePeers()).get(publicKey(9)) ?? {}
  assert.deepEqual({ allowedIps, keepalive }, { allowedIps: [], keepalive: 25 })
})

test('a peer with the allowed IPs of another takes them, and does not give them back when it goes', async () => {
  const device = await new MemoryDriver().open(name)
  const { allowedIps } = peer(2)
  for (const number of [2, 9]) {
    await device.apply([{ kind: 'set-peer', peer: { publicKey: publicKey(number), allowedIps } }])
  }
  await device.apply([{ kind: 'remove-peer', publicKey: publicKey(9) }])
  const peers = await device.observePeers()
  assert.deepEqual([...peers.keys()], [publicKey(2)])
  assert.deepEqual(peers.get(publicKey(2))?.allowedIps, [])
})
