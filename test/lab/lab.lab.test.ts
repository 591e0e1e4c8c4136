import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildLab, removeDeadLabs } from '../../src/lab/lab.ts'
import { existingNamespaces } from '../../src/lab/namespaces.ts'
import { allPairs, pingAll, startPings } from '../../src/lab/ping.ts'
import { findProcess } from '../../src/lab/process.ts'
import { flat } from '../../src/lab/topology.ts'
import { transfer } from '../../src/lab/transfer.ts'
import { abandonLab, uniqueId } from './leftovers.ts'

const skip = process.getuid?.() === 0 ? false : 'network namespaces need root'
const options = { id: uniqueId(), isolated: true }

test('all pairs of hosts answer on the underlay in both families, and the lab is gone when it is disposed of', {
  skip,
}, async () => {
  const before = ownNetwork()
  const lab = await buildLab(flat(3), options)
  const answers = await pingAll(
    allPairs(lab.hosts, (host) => host.addresses),
    5_000,
  )
  // 4 hosts, each to 3 others, in 2 families.
  assert.equal(answers.length, 24)
  assert.deepEqual(
    answers.filter(({ answered }) => !answered),
    [],
  )
  assert.deepEqual(ownNetwork(), before)
  await lab[Symbol.asyncDispose]()
  assert.deepEqual(existingNamespaces(lab.id), [])
  assert.ok(!existsSync(lab.dir))
  assert.deepEqual(ownNetwork(), before)
})

test('an address that nobody has does not count as answered', { skip }, async () => {
  await using lab = await buildLab(flat(1), options)
  const from = lab.host('node-1')
  const nobody = { from, to: 'nobody', address: '198.18.0.99', family: 4 } as const
  const unreachable = { ...nobody, address: '203.0.113.1' }
  const answers = await pingAll([nobody, unreachable], 1_000)
  assert.deepEqual(
    answers.map(({ answered }) => answered),
    [false, false],
  )
})

test('a row of pings tells which of them were lost', { skip }, async () => {
  await using lab = await buildLab(flat(2), options)
  const from = lab.host('node-1')
  const whole = await startPings(from, '198.18.0.3', { count: 50, interval: 10 })
  assert.deepEqual(await whole.done, { sent: 50, lost: [] })
  const torn = await startPings(from, '198.18.0.3', { count: 100, interval: 10 })
  await lab.host('node-2').exec('ip', ['link', 'set', 'eth0', 'down'])
  const { sent, lost } = await torn.done
  assert.equal(sent, 100)
  assert.ok(lost.includes(100), `lost: ${lost}`)
})

test('a megabyte arrives by TCP as it was sent', { skip }, async () => {
  await using lab = await buildLab(flat(2), options)
  const to = { host: lab.host('node-2'), address: '2001:db8::3' }
  const { sent, received } = await transfer(lab.host('node-1'), to, { bytes: 1_000_000, limit: 20_000 })
  assert.equal(sent.bytes, 1_000_000)
  assert.deepEqual(received, sent)
})

test('two labs with the same addresses stand side by side', { skip }, async () => {
  await using first = await buildLab(flat(1), options)
  await using second = await buildLab(flat(2), { ...options, id: `${options.id}x` })
  const absent = { from: first.host('node-1'), to: 'node-2', address: '198.18.0.3', family: 4 } as const
  const present = { ...absent, from: second.host('node-1') }
  const answers = await pingAll([absent, present], 1_000)
  assert.deepEqual(
    answers.map(({ answered }) => answered),
    [false, true],
  )
})

test('after the owner of a lab was killed, the next one removes its namespaces, processes and sockets', {
  skip,
}, async () => {
  const id = `k${uniqueId()}`
  const pid = await abandonLab(id, 'isolated')
  const socket = `/run/wireguard/wflab${id}.sock`
  assert.equal(existingNamespaces(id).length, 4)
  assert.ok(findProcess(pid))
  assert.ok(existsSync(socket))
  await removeDeadLabs()
  assert.deepEqual(existingNamespaces(id), [])
  assert.equal(findProcess(pid), undefined)
  assert.ok(!existsSync(socket))
})

/** The interfaces and routes of the namespace the test itself runs in. */
function ownNetwork(): string[] {
  const routes = ['/proc/net/route', '/proc/net/ipv6_route'].map((file) =>
    readFileSync(file, 'utf8').split('\n'),
  )
  const destinations = routes.flat().map((line) => line.split(/\s+/).slice(0, 2).join(' '))
  return [...readdirSync('/sys/class/net').sort(), ...destinations.sort()]
}
