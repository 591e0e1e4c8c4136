import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { parseCidr } from '../../src/address/cidr.ts'
import type { Host } from '../../src/lab/host.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { flat } from '../../src/lab/topology.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import { keyPair, peer, publicKey } from './fixture.ts'
import { hasSocket, nameOf, ordersFor, runId, skip, soon, userspacesOn } from './scene.ts'
import { type Station, startStation } from './station.ts'

let lab: Lab
let host: Host
let station: Station

before(async () => {
  if (skip) return
  lab = await buildLab(flat(1), { id: runId, isolated: true })
  host = lab.host('node-1')
  station = await startStation(host)
})

// Two interfaces cannot have the same range in one namespace.
afterEach(async () => {
  if (skip) return
  for (const name of await station.call('list')) await station.call('remove', name)
})

after(async () => {
  if (skip) return
  await station.kill()
  await lab[Symbol.asyncDispose]()
})

test('WireGuard in the kernel is preferred where there is one', { skip }, async () => {
  const { auto, inKernel } = await station.call('kinds')
  assert.equal(auto, inKernel ? 'kernel' : 'userspace')
  assert.deepEqual(await station.call('list'), [])
})

test('an interface is made, brought in line in four runs, and then left alone', { skip }, async () => {
  const orders = ordersFor(1, [peer(2, { keepalive: 25 }), peer(3)])
  const first = await station.call('reconcile', orders)
  // The key and the port; the link; the peers; and a look at whether the port was free.
  assert.equal(first.runs, 4)
  const { peers, ...rest } = await station.call('observe', orders.name)
  assert.deepEqual(rest, {
    publicKey: publicKey(1),
    listenPort: 51_820,
    mtu: 1420,
    alias: 'weft demo',
    up: true,
    addresses: ['10.0.1.1/32', 'fd12:3456:789a:1::1/128'],
    routes: new Map([
      ['10.0.0.0/8', undefined],
      ['fd12:3456:789a::/48', undefined],
    ]),
  })
  assert.deepEqual([...peers.keys()].sort(), [publicKey(2), publicKey(3)].sort())
  assert.deepEqual(peers.get(publicKey(2))?.allowedIps, peer(2).allowedIps)
  assert.deepEqual(await station.call('observePeers', orders.name), { peers, runs: 1 })
  const { steps, runs } = await station.call('reconcile', orders)
  assert.deepEqual({ steps, runs }, { steps: [], runs: 0 })
})

test('one changed peer is one run, whatever changed of it', { skip }, async () => {
  const changes = [
    peer(3, { keepalive: 10 }),
    peer(3, { allowedIps: [parseCidr('10.0.3.0/24')] }),
    peer(3, { publicKey: publicKey(33) }),
  ]
  await station.call('reconcile', ordersFor(1, [peer(2), peer(3)]))
  for (const changed of changes) {
    const { runs, steps } = await station.call('reconcile', ordersFor(1, [peer(2), changed]))
    assert.ok(steps.length > 0)
    assert.equal(runs, 1)
  }
})

test('routes of narrow paths come, change and go, and their MTU is put right, in one run each', {
  skip,
}, async () => {
  const mtus = [1_328, 1_280, undefined, 1_328] as const
  await station.call('reconcile', ordersFor(1, [peer(2), peer(3)]))
  for (const mtu of mtus) {
    const orders = ordersFor(1, [peer(2, { mtu }), peer(3)])
    assert.equal((await station.call('reconcile', orders)).runs, 1)
    assert.deepEqual((await station.call('reconcile', orders)).steps, [])
    const { routes } = await station.call('observe', orders.name)
    assert.equal(routes.size, mtu === undefined ? 2 : 4)
    for (const range of peer(2).allowedIps) assert.equal(routes.get(range), mtu)
  }
  const orders = ordersFor(1, [peer(2, { mtu: 1_328 }), peer(3)])
  for (const [range = '', mtu = ''] of [
    ['10.0.0.0/8', '1300'],
    ['10.0.2.0/24', '1300'],
    ['fd12:3456:789a:2::/64'],
  ]) {
    await host.exec('ip', ['route', 'replace', range, 'dev', orders.name, ...(mtu ? ['mtu', mtu] : [])])
  }
  const { steps } = await station.call('reconcile', orders)
  assert.deepEqual(steps, ['add-route', 'add-route', 'add-route'])
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
})

test('a peer without allowed IPs comes and stays, loses those that it is given by hand, and goes', {
  skip,
}, async () => {
  const endpoint = parseEndpoint('192.0.2.1:51820')
  const orders = ordersFor(1, [peer(2), peer(3, { allowedIps: [], endpoint, keepalive: 25 })])
  const witness = async () => (await station.call('observe', orders.name)).peers.get(publicKey(3))
  await station.call('reconcile', orders)
  const { allowedIps, keepalive } = (await witness()) ?? {}
  assert.deepEqual({ allowedIps, keepalive }, { allowedIps: [], keepalive: 25 })
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
  await host.exec('wg', ['set', orders.name, 'peer', publicKey(3), 'allowed-ips', '10.0.3.0/24'])
  assert.deepEqual((await station.call('reconcile', orders)).steps, ['set-peer'])
  assert.deepEqual((await witness())?.allowedIps, [])
  assert.deepEqual((await station.call('reconcile', ordersFor(1, [peer(2)]))).steps, ['remove-peer'])
})

test('what was changed by hand is put right', { skip }, async () => {
  const orders = ordersFor(2, [peer(3), peer(4)], 51_822)
  await station.call('reconcile', orders)
  const wanted = await station.call('observe', orders.name)
  const byHand = [
    ['wg', 'set', orders.name, 'peer', publicKey(9), 'allowed-ips', peer(3).allowedIps.join(',')],
    ['wg', 'set', orders.name, 'peer', publicKey(4), 'persistent-keepalive', '5'],
    ['sh', '-c', `wg genpsk | wg set ${orders.name} peer ${publicKey(4)} preshared-key /dev/stdin`],
    ['sh', '-c', `wg genkey | wg set ${orders.name} private-key /dev/stdin`],
    ['wg', 'set', orders.name, 'peer', publicKey(3), 'remove'],
    ['wg', 'set', orders.name, 'listen-port', '51899'],
    ['ip', 'address', 'add', '10.99.0.1/24', 'dev', orders.name],
    ['ip', 'address', 'add', '10.98.0.1', 'peer', '10.98.0.2/32', 'dev', orders.name],
    ['ip', 'address', 'add', 'fd99::1/64', 'dev', orders.name],
    ['ip', 'route', 'add', '10.97.0.0/16', 'dev', orders.name],
    ['ip', 'route', 'add', '10.96.0.1', 'dev', orders.name],
    ['ip', '-6', 'route', 'add', 'fd98::/64', 'dev', orders.name],
    ['ip', '-6', 'route', 'add', 'default', 'dev', orders.name],
    ['ip', 'route', 'add', 'default', 'dev', orders.name],
    ['ip', 'route', 'delete', '10.0.0.0/8', 'dev', orders.name],
    ['ip', 'address', 'delete', '10.0.2.1/32', 'dev', orders.name],
    ['ip', 'link', 'set', orders.name, 'mtu', '1300', 'alias', 'somebody'],
    // Takes every route and IPv6 address with it.
    ['ip', 'link', 'set', orders.name, 'down'],
  ]
  const count = byHand.length
  for (const upTo of [count - 1, count]) {
    for (const [program = '', ...args] of byHand.slice(0, upTo)) await host.exec(program, args)
    assert.notDeepEqual(await station.call('observe', orders.name), wanted)
    await station.call('reconcile', orders)
    const found = await station.call('observe', orders.name)
    assert.deepEqual(new Set(found.addresses), new Set(wanted.addresses))
    assert.deepEqual({ ...found, addresses: wanted.addresses }, wanted)
    assert.deepEqual((await station.call('reconcile', orders)).steps, [])
  }
})

test('an interface that was set down goes up again with the port that it kept all the while', {
  skip,
}, async () => {
  const orders = ordersFor(2, [peer(3)], 51_845)
  await station.call('reconcile', orders)
  for (let time = 0; time < 3; time++) {
    await host.exec('ip', ['link', 'set', orders.name, 'down'])
    const { steps } = await station.call('reconcile', orders)
    assert.ok(steps.includes('set-up') && !steps.includes('set-port'), steps.join())
    assert.equal((await station.call('observe', orders.name)).listenPort, 51_845)
  }
})

test('a port that is taken is told, on a new interface and on one that works', {
  skip,
}, async () => {
  const orders = ordersFor(3, [peer(2)], 51_823)
  await station.call('takePort', 51_823)
  await assert.rejects(station.call('reconcile', orders), { code: 'port-taken' })
  await station.call('freePort', 51_823)
  await station.call('reconcile', orders)
  await station.call('takePort', 51_833)
  await assert.rejects(station.call('reconcile', { ...orders, listenPort: 51_833 }), { code: 'port-taken' })
  await station.call('reconcile', orders)
  assert.equal((await station.call('observe', orders.name)).listenPort, 51_823)
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
})

test('a taken port is told before anything is changed, also where many peers are to be given', {
  skip,
}, async () => {
  const many = Array.from({ length: 600 }, (_, at) => peer(at + 2))
  const orders = ordersFor(1, many, 51_843)
  await station.call('takePort', 51_843)
  await assert.rejects(station.call('reconcile', orders), { code: 'port-taken' })
  const { peers, up } = await station.call('observe', orders.name)
  assert.deepEqual({ peers: peers.size, up }, { peers: 0, up: false })
  await station.call('freePort', 51_843)
  await station.call('reconcile', orders)
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
})

test('a link that cannot be made is told once nothing runs any more, also where many peers are given meanwhile', {
  skip,
}, async () => {
  const many = Array.from({ length: 600 }, (_, at) => peer(at + 2))
  const orders = ordersFor(1, many, 51_844)
  await host.exec('ip', ['route', 'add', '10.0.0.0/8', 'dev', 'lo'])
  await assert.rejects(station.call('reconcile', orders), { code: 'already-exists' })
  const { peers } = await station.call('observe', orders.name)
  assert.ok([0, many.length].includes(peers.size), `${peers.size} peers`)
  await host.exec('ip', ['route', 'delete', '10.0.0.0/8', 'dev', 'lo'])
  await station.call('reconcile', orders)
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
})

test('an interface lives on when its maker and all its process group are killed, and is adopted as it is', {
  skip,
}, async () => {
  const orders = ordersFor(4, [peer(2)], 51_824)
  await station.call('reconcile', orders)
  const before = await userspacesOn(host)
  await station.kill()
  station = await startStation(host)
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
  assert.deepEqual(await userspacesOn(host), before)
})

test('removal leaves no interface, process or socket, and removing what is gone is no error', {
  skip,
}, async () => {
  const orders = ordersFor(5, [peer(2)], 51_825)
  const before = await userspacesOn(host)
  await station.call('reconcile', orders)
  assert.equal((await userspacesOn(host)).length, before.length + 1)
  assert.ok(hasSocket(orders.name))
  assert.ok((await station.call('list')).includes(orders.name))
  await station.call('remove', orders.name)
  assert.ok(!(await station.call('list')).includes(orders.name))
  assert.ok(!hasSocket(orders.name))
  await soon('wireguard-go is gone', async () => (await userspacesOn(host)).length === before.length)
  await station.call('remove', orders.name)
})

test('the socket of a wireguard-go that was killed does not stand in the way of the next', {
  skip,
}, async () => {
  const orders = ordersFor(6, [peer(2)], 51_826)
  const before = await userspacesOn(host)
  for (const round of [1, 2]) {
    await station.call('reconcile', orders)
    const [pid, ...others] = (await userspacesOn(host)).filter((one) => !before.includes(one))
    assert.ok(pid !== undefined && others.length === 0, `round ${round}`)
    process.kill(pid, 'SIGKILL')
    await soon('the interface is gone', async () => !(await station.call('list')).includes(orders.name))
    assert.ok(hasSocket(orders.name))
  }
  await station.call('remove', orders.name)
  assert.ok(!hasSocket(orders.name))
})

test('interfaces of other network namespaces are neither listed nor touched', { skip }, async () => {
  const orders = ordersFor(7, [peer(2)], 51_827)
  await using other = await startStation(lab.host('controller'))
  await other.call('reconcile', orders)
  assert.deepEqual(await other.call('list'), [orders.name])
  assert.ok(!(await station.call('list')).includes(orders.name))
  await station.call('remove', orders.name)
  assert.deepEqual((await other.call('reconcile', orders)).steps, [])
  await other.call('remove', orders.name)
})

test('an interface of this name that is no WireGuard is not taken for one', { skip }, async () => {
  const name = nameOf(8)
  await host.exec('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'other'])
  await assert.rejects(station.call('observe', name), { code: 'already-exists' })
  await host.exec('ip', ['link', 'delete', name])
})

test('a name that is not of our making is refused before any program sees it', { skip }, async () => {
  const before = (await station.call('commandLines')).length
  for (const name of ['-f', '--version', '../x', 'wg0;id', 'wg%d'] as InterfaceName[]) {
    await assert.rejects(station.call('observe', name), { code: 'invalid-input' })
    await assert.rejects(station.call('remove', name), { code: 'invalid-input' })
  }
  assert.equal((await station.call('commandLines')).length, before)
})

test('a range that another interface has is told, with the line that failed', { skip }, async () => {
  await station.call('reconcile', ordersFor(12, [], 51_832))
  await assert.rejects(station.call('reconcile', ordersFor(13, [], 51_833)), {
    code: 'already-exists',
    message: /File exists, at "route add 10\.0\.0\.0\/8 /,
  })
})

test('a private key is in no argument of any program', { skip }, async () => {
  const orders = ordersFor(9, [peer(2)], 51_829)
  await station.call('reconcile', orders)
  const lines = await station.call('commandLines')
  const setting = lines.find((line) => line.includes(orders.name) && line.includes('private-key'))
  assert.deepEqual(setting?.slice(-4), ['private-key', '/dev/stdin', 'listen-port', '51829'])
  const { privateKey } = keyPair(9)
  for (const secret of ['base64', 'hex', 'base64url'] as const) {
    const text = Buffer.from(privateKey.expose()).toString(secret).replace(/=$/, '')
    assert.ok(!lines.some((line) => line.some((word) => word.includes(text))))
  }
})

test('5,000 peers are a dozen runs, one more is one, and none is none', { skip }, async (context) => {
  const peers = Array.from({ length: 5_000 }, (_, index) => peer(index + 100))
  const all = await station.call('reconcile', ordersFor(11, peers, 51_831))
  assert.ok(all.runs <= 16, `${all.runs} runs`)
  const one = await station.call('reconcile', ordersFor(11, [...peers, peer(50)], 51_831))
  assert.deepEqual([one.steps, one.runs], [['set-peer'], 1])
  const none = await station.call('reconcile', ordersFor(11, [...peers, peer(50)], 51_831))
  assert.deepEqual([none.steps, none.runs], [[], 0])
  context.diagnostic(`5,000 peers: ${all.took.toFixed()} ms; one more: ${one.took.toFixed()} ms`)
})

test('a peer may have more allowed IPs than fit into an argument', { skip }, async () => {
  const allowedIps = Array.from({ length: 12_000 }, (_, index) =>
    parseCidr(`10.${64 + (index >> 8)}.${index & 255}.0/24`),
  )
  const orders = ordersFor(10, [peer(2), peer(3, { allowedIps, keepalive: 25 })], 51_830)
  await station.call('reconcile', orders)
  assert.deepEqual((await station.call('reconcile', orders)).steps, [])
  await station.call('reconcile', ordersFor(10, [peer(2), peer(3)], 51_830))
  const { peers } = await station.call('observe', orders.name)
  assert.deepEqual(peers.get(publicKey(3))?.allowedIps, peer(3).allowedIps)
})
