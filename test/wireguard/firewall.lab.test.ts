import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, afterEach, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { Host } from '../../src/lab/host.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { pingAll } from '../../src/lab/ping.ts'
import { flat } from '../../src/lab/topology.ts'
import type { Gate } from '../../src/wireguard/ruleset.ts'
import { locate } from '../../src/wireguard/run.ts'
import { nameOf, ordersFor, runId, skip } from './scene.ts'
import { type Station, startStation } from './station.ts'

let lab: Lab
let router: Host
let station: Station

/** A host between two LANs, which is no router yet though both take it for theirs. */
before(async () => {
  if (skip) return
  const lans = ['left', 'right'].map((segment, index) => ({ segment, prefix: `2001:db8:${index + 1}:` }))
  const ports = lans.map(({ segment, prefix }) => ({ segment, addresses: [`${prefix}:1/64`] }))
  const hosts = lans.map(({ segment, prefix }) => ({
    name: segment,
    ports: [{ segment, addresses: [`${prefix}:2/64`] }],
  }))
  const segments = lans.map(({ segment }) => ({ name: segment }))
  lab = await buildLab(
    { ...flat(1), name: 'between', segments, hosts: [{ name: 'router', ports }, ...hosts] },
    { id: runId, isolated: true },
  )
  for (const { segment, prefix } of lans) {
    await lab.host(segment).exec('ip', ['route', 'add', 'default', 'via', `${prefix}:1`])
  }
  router = lab.host('router')
  station = await startStation(router)
})

afterEach(async () => {
  if (skip) return
  await router.exec(locate('nft'), ['flush', 'ruleset'])
  await station.call('stopForwarding', 6, nameOf(1))
})

after(async () => {
  if (skip) return
  await station.kill()
  await lab[Symbol.asyncDispose]()
})

const gate: Gate = { interface: nameOf(1), forward: true, input: 'open', guard: true }

test('a firewall is put up as often as one likes, and is seen to be as it was until somebody changes it', {
  skip,
}, async () => {
  const [first, second] = [
    await station.call('applyFirewall', gate),
    await station.call('applyFirewall', gate),
  ]
  assert.equal(first, second)
  assert.equal(await station.call('observeFirewall', gate.interface), first)
  const byHand = [
    ['add', 'rule', 'inet', `weft_${gate.interface}`, 'input', 'accept'],
    ['insert', 'rule', 'inet', `weft_${gate.interface}`, 'forward', 'accept'],
    ['flush', 'chain', 'inet', `weft_${gate.interface}`, 'forward'],
    ['flush', 'ruleset'],
  ]
  for (const args of byHand) {
    await router.exec(locate('nft'), args)
    assert.notEqual(await station.call('observeFirewall', gate.interface), first, args.join(' '))
    assert.equal(await station.call('applyFirewall', gate), first)
  }
})

test('firewalls of two interfaces, and those of others, do not touch each other', { skip }, async () => {
  await router.exec(locate('nft'), ['add', 'table', 'inet', 'other'])
  await station.call('applyFirewall', gate)
  const second = await station.call('applyFirewall', { ...gate, interface: nameOf(2) })
  await station.call('removeFirewall', gate.interface)
  await station.call('removeFirewall', gate.interface)
  assert.equal(await station.call('observeFirewall', gate.interface), undefined)
  assert.equal(await station.call('observeFirewall', nameOf(2)), second)
  const tables = await router.exec(locate('nft'), ['list', 'tables'])
  assert.equal(tables.trim(), `table inet other\ntable inet weft_${nameOf(2)}`)
})

test('a guarded machine that begins to forward does not become a router for its LANs', { skip }, async () => {
  const passes = async () => {
    const probe = { from: lab.host('left'), to: 'right', address: '2001:db8:2::2', family: 6 } as const
    return (await pingAll([probe], 3_000))[0]?.answered
  }
  assert.equal(await station.call('forwardsIpv6'), false)
  await station.call('applyFirewall', gate)
  await station.call('startForwarding', 6, gate.interface)
  assert.equal(await station.call('forwardsIpv6'), true)
  assert.equal(await passes(), false)
  await station.call('applyFirewall', { ...gate, guard: false })
  assert.equal(await passes(), true)
})

test('a machine that hears of its router goes on to do so, and one that does not is left as it is', {
  skip,
}, async () => {
  const setting = (name: string) => `/proc/sys/net/ipv6/conf/${name}/accept_ra`
  const read = async (name: string) => (await router.exec('cat', [setting(name)])).trim()
  await router.exec('sh', ['-c', `echo 0 > ${setting('eth1')}; echo 1 > ${setting('eth0')}`])
  await station.call('startForwarding', 6, gate.interface)
  assert.deepEqual(await Promise.all(['eth0', 'eth1', 'default'].map(read)), ['2', '0', '2'])
})

test('IPv4 is handed on by the one interface, and by no other', { skip }, async () => {
  const orders = ordersFor(1, [])
  await station.call('reconcile', orders)
  const read = async (name: string) =>
    (await router.exec('cat', [`/proc/sys/net/ipv4/conf/${name}/forwarding`])).trim()
  const all = () => Promise.all([orders.name, 'eth0', 'all'].map(read))
  await station.call('startForwarding', 4, orders.name)
  assert.deepEqual(await all(), ['1', '0', '0'])
  await station.call('stopForwarding', 4, orders.name)
  assert.deepEqual(await all(), ['0', '0', '0'])
  await station.call('remove', orders.name)
  await assert.rejects(station.call('startForwarding', 4, orders.name), { code: 'unsupported' })
})

test('where settings cannot be changed that is said, with what to do; and nothing is needed that is there already', {
  skip,
}, async () => {
  const start = `
    const { startForwarding } = await import('${import.meta.resolve('../../src/wireguard/forwarding.ts')}')
    try { await startForwarding(6, 'wfxa'); console.log('{}') }
    catch ({ code, advice }) { console.log(JSON.stringify({ code, advice })) }`
  const outcome = async (forwarding: number) => {
    const readOnly = `
      echo 0 | tee /proc/sys/net/ipv6/conf/*/accept_ra > /dev/null
      echo ${forwarding} > /proc/sys/net/ipv6/conf/all/forwarding
      mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
      exec "$@"`
    const node = [process.execPath, '--input-type=module', '-e', start]
    const { stdout } = await promisify(execFile)('unshare', [
      ...['--mount', '--net', 'sh', '-c', readOnly, 'sh', ...node],
    ])
    return JSON.parse(stdout)
  }
  const setting = 'net.ipv6.conf.all.forwarding=1'
  assert.deepEqual(await outcome(0), {
    code: 'unsupported',
    advice: `Make it on the machine by: sysctl -w ${setting}. For a container, start it with --sysctl ${setting}.`,
  })
  assert.deepEqual(await outcome(1), {})
})
