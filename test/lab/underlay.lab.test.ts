import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { cone } from '../../src/lab/homes.ts'
import type { Host } from '../../src/lab/host.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { SCENARIOS } from '../../src/lab/named.ts'
import { existingNamespaces } from '../../src/lab/namespaces.ts'
import { pingAll } from '../../src/lab/ping.ts'
import { CONTROLLER, flat } from '../../src/lab/topology.ts'
import { dualStack, mtu, sites } from '../../src/lab/wider.ts'
import { uniqueId } from './leftovers.ts'

const skip = process.getuid?.() === 0 ? false : 'network namespaces need root'
const options = { id: `u${uniqueId()}`, isolated: true }
const [IPV4_HEADERS, IPV6_HEADERS] = [28, 48]

for (const scenario of SCENARIOS) {
  test(`${scenario.name}: every host with an agent reaches the controller, and nothing is left when it is over`, {
    skip,
  }, async () => {
    await using lab = await buildLab(scenario, options)
    const { addresses } = lab.host(CONTROLLER)
    const hosts = lab.hosts.filter(({ agent }) => agent)
    assert.ok(hosts.length >= 4)
    const reached = await Promise.all(hosts.map((host) => reachesOne(host, addresses)))
    assert.deepEqual(
      hosts.filter((_, index) => !reached[index]).map(({ name }) => name),
      [],
    )
    await lab[Symbol.asyncDispose]()
    assert.deepEqual(existingNamespaces(lab.id), [])
    assert.ok(!existsSync(lab.dir))
  })
}

test('nodes of one family reach only those of the same, and the relay all', { skip }, async () => {
  await using lab = await buildLab(dualStack(), options)
  const names = ['four-1', 'four-2', 'six-1', 'six-2']
  const tries = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const))
  const reached = await Promise.all(tries.map(([from, to]) => reaches(lab, from, to)))
  assert.deepEqual(
    reached,
    tries.map(([from, to]) => from.slice(0, 3) === to.slice(0, 3)),
  )
  for (const name of names) assert.ok(await reaches(lab, 'relay-1', name), name)
})

test('packets as large as the smaller underlay pass between nodes, larger ones are refused, in both families', {
  skip,
}, async () => {
  await using lab = await buildLab(mtu(), options)
  for (const [from, to, limit] of [
    ['mtu-1500', 'mtu-1280', 1_280],
    ['mtu-1280', 'mtu-1500', 1_280],
    ['mtu-1420', 'mtu-1492', 1_420],
    ['relay-1', 'mtu-1492', 1_492],
    ['relay-2', 'mtu-1500', 1_500],
  ] as const) {
    for (const address of lab.host(to).addresses) {
      const whole = (bytes: number) => fits(lab.host(from), address, bytes)
      assert.deepEqual([await whole(limit), await whole(limit + 1)], [true, false], `${from} to ${address}`)
    }
  }
})

test('a site reaches the others by their public gateways alone', { skip }, async () => {
  await using lab = await buildLab(sites(), options)
  assert.ok(await reaches(lab, 'a-1', 'a-2'))
  assert.ok(await reaches(lab, 'a-1', 'gate-b'))
  assert.ok(await reaches(lab, 'gate-a', 'gate-c'))
  assert.ok(!(await reaches(lab, 'a-1', 'b-1')))
  assert.ok(!(await reaches(lab, 'gate-a', 'b-1')))
})

test('a host whose cables are pulled is away until they are plugged in', { skip }, async () => {
  await using lab = await buildLab(cone(), options)
  assert.ok(await reaches(lab, 'a-1', CONTROLLER))
  await lab.underlay.unplug(CONTROLLER)
  assert.ok(!(await reaches(lab, 'a-1', CONTROLLER)))
  assert.ok(await reaches(lab, 'a-1', 'relay-1'))
  await lab.underlay.plug(CONTROLLER)
  assert.ok(await reaches(lab, 'a-1', CONTROLLER))
  await lab.underlay.unplug('nat-a')
  assert.ok(await reaches(lab, 'b-1', CONTROLLER))
  assert.ok(!(await reaches(lab, 'a-1', CONTROLLER)))
  assert.ok(!(await reaches(lab, 'a-1', 'nat-a')))
})

test('what is cut between two hosts reaches everybody else, and each other again when it is mended', {
  skip,
}, async () => {
  await using lab = await buildLab(mtu(), options)
  await lab.underlay.cut('mtu-1280', 'mtu-1500')
  await lab.underlay.cut('mtu-1420', 'mtu-1500')
  const own = lab.host('mtu-1500')
  assert.ok(!(await reachesOne(lab.host('mtu-1280'), own.addresses)))
  assert.ok(!(await reachesOne(own, lab.host('mtu-1420').addresses)))
  assert.ok(await reaches(lab, 'mtu-1280', 'mtu-1420'))
  assert.ok(await reaches(lab, 'mtu-1280', 'relay-1'))
  await lab.underlay.mend()
  assert.ok(await reaches(lab, 'mtu-1280', 'mtu-1500'))
})

test('nothing befalls a host that is not there, or a lab without a network of its own', {
  skip,
}, async () => {
  await using lab = await buildLab(flat(1), options)
  await assert.rejects(lab.underlay.unplug('node-2'), { code: 'not-found', message: /node-2/ })
  await assert.rejects(lab.underlay.cut('node-1', CONTROLLER), { code: 'not-found', message: /internet/ })
  await using bare = await buildLab(flat(1), { id: `${options.id}b`, isolated: false })
  await assert.rejects(bare.underlay.unplug('node-1'), { code: 'unsupported' })
})

function reaches(lab: Lab, from: string, to: string): Promise<boolean> {
  return reachesOne(lab.host(from), lab.host(to).addresses)
}

/** Whether one of the addresses answers within a second. */
async function reachesOne(from: Host, addresses: readonly string[]): Promise<boolean> {
  const probes = addresses.map((address) => {
    const family = address.includes(':') ? (6 as const) : (4 as const)
    return { from, to: address, address, family }
  })
  return (await pingAll(probes, 1_000)).some(({ answered }) => answered)
}

/** Whether a ping of so many bytes with all its headers passes in one piece; the first may teach the sender that not. */
async function fits(from: Host, address: string, bytes: number): Promise<boolean> {
  const payload = bytes - (address.includes(':') ? IPV6_HEADERS : IPV4_HEADERS)
  const ping = ['-n', '-q', '-c', '1', '-W', '1', '-M', 'do', '-s', String(payload), address]
  return from.exec('ping', ping).then(
    () => true,
    () => false,
  )
}
