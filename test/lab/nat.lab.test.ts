import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captive, cone, doubleNat, roaming, rovingPort, sameLan, symmetric } from '../../src/lab/homes.ts'
import { addressesOf, publicPort } from '../../src/lab/internet.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { pingAll } from '../../src/lab/ping.ts'
import type { Scenario } from '../../src/lab/topology.ts'
import { uniqueId } from './leftovers.ts'
import { punch, punchThrough, seenFrom, startMirrors } from './udp.ts'

const skip = process.getuid?.() === 0 ? false : 'network namespaces need root'
const NAT_A = addressesOf(publicPort(4))[0]
const NAT_B = addressesOf(publicPort(5))[0]

test('behind routers that keep ports all mirrors see one place, and a hole can be punched', {
  skip,
}, async () => {
  await using scene = await open(cone())
  const { lab, mirrors } = scene
  assert.deepEqual(await seenFrom(lab.host('a-1'), 4_000, mirrors), [`${NAT_A}:4000`, `${NAT_A}:4000`])
  assert.deepEqual(await seenFrom(lab.host('b-2'), 4_000, mirrors), [`${NAT_B}:4000`, `${NAT_B}:4000`])
  assert.deepEqual(await punchThrough(lab, ['a-2', 'b-1'], mirrors), [
    `heard ${NAT_B}:5002`,
    `heard ${NAT_A}:5001`,
  ])
})

test('a router lets in nothing that nobody inside asked for, and keeps the port for him who asks later', {
  skip,
}, async () => {
  await using scene = await open(cone())
  const { lab } = scene
  const [inside, outside] = [lab.host('a-1'), lab.host('relay-1')]
  const at = addressesOf(publicPort(2))[0]
  const stray = { host: outside, port: 4_000, target: `${NAT_A}:4001` }
  assert.deepEqual(await punch([stray]), ['silence'])
  const late = { host: inside, port: 4_001, target: `${at}:4000` }
  assert.deepEqual(await punch([stray, late]), [`heard ${NAT_A}:4001`, `heard ${at}:4000`])
  assert.ok(!(await answers(lab, 'relay-1', '192.168.1.2')))
  assert.ok(await answers(lab, 'a-1', '192.168.1.3'))
})

test('two nodes of one LAN that use the same port are seen at two', { skip }, async () => {
  await using scene = await open(cone())
  const { lab, mirrors } = scene
  const [first] = await seenFrom(lab.host('a-1'), 4_000, mirrors)
  const [second, third] = await seenFrom(lab.host('a-2'), 4_000, mirrors)
  assert.notEqual(second, first)
  assert.equal(third, second)
})

test('with a new port for every destination each mirror sees another place, and no hole can be punched', {
  skip,
}, async () => {
  await using scene = await open(symmetric())
  const { lab, mirrors } = scene
  const [first, second] = await seenFrom(lab.host('a-1'), 4_000, mirrors)
  assert.match(first ?? '', new RegExp(`^${NAT_A}:`))
  assert.notEqual(first, second)
  assert.deepEqual(await punchThrough(lab, ['a-1', 'b-1'], mirrors), ['silence', 'silence'])
})

test('a hole can be punched through two routers in a row', { skip }, async () => {
  await using scene = await open(doubleNat())
  const heard = await punchThrough(scene.lab, ['deep', 'home'], scene.mirrors)
  assert.deepEqual(heard, [`heard ${NAT_B}:5002`, `heard ${NAT_A}:5001`])
  assert.ok(!(await answers(scene.lab, 'home', '192.168.1.2')))
})

test('the same private address is another node in each LAN', { skip }, async () => {
  await using scene = await open(sameLan())
  const { lab, mirrors } = scene
  assert.deepEqual(lab.host('a-1').addresses, lab.host('b-1').addresses)
  const [[atA], [atB]] = [
    await seenFrom(lab.host('a-1'), 4_000, mirrors),
    await seenFrom(lab.host('b-1'), 4_000, mirrors),
  ]
  assert.deepEqual([atA, atB], [`${NAT_A}:4000`, `${NAT_B}:4000`])
  assert.deepEqual(await punchThrough(lab, ['a-1', 'b-2'], mirrors), [
    `heard ${NAT_B}:5002`,
    `heard ${NAT_A}:5001`,
  ])
})

test('a node that moves to another LAN is there and no longer here, and comes out of the other router', {
  skip,
}, async () => {
  await using scene = await open(roaming())
  const { lab, mirrors } = scene
  assert.deepEqual(await seenFrom(lab.host('rover'), 4_000, mirrors), [`${NAT_A}:4000`, `${NAT_A}:4000`])
  assert.ok(await answers(lab, 'rover', '192.168.1.2'))
  await lab.underlay.move('rover', rovingPort('b'))
  assert.ok(await answers(lab, 'rover', '192.168.2.2'))
  assert.ok(!(await answers(lab, 'a-1', '192.168.1.9')))
  assert.deepEqual(await seenFrom(lab.host('rover'), 4_000, mirrors), [`${NAT_B}:4000`, `${NAT_B}:4000`])
  await lab.underlay.move('rover', rovingPort('a'))
  assert.ok(await answers(lab, 'a-1', '192.168.1.9'))
})

test('a captive reaches the controller and one relay, and nothing else', { skip }, async () => {
  await using scene = await open(captive())
  const { lab, mirrors } = scene
  const own = `${NAT_A}:4000`
  assert.deepEqual(await seenFrom(lab.host('captive'), 4_000, mirrors), [own, 'silence'])
  const reached = ['controller', 'relay-1', 'relay-2', 'open'].map((name) =>
    answers(lab, 'captive', lab.host(name).addresses[0] ?? ''),
  )
  assert.deepEqual(await Promise.all(reached), [true, true, false, false])
  assert.ok(await answers(lab, 'home', lab.host('open').addresses[0] ?? ''))
})

test('a router that gets another nature or is rebooted forgets what it knew', { skip }, async () => {
  await using scene = await open(cone())
  const { lab, mirrors } = scene
  const host = lab.host('a-1')
  const places = () => seenFrom(host, 4_000, mirrors)
  assert.deepEqual(await places(), [`${NAT_A}:4000`, `${NAT_A}:4000`])
  await lab.underlay.setNat('nat-a', 'symmetric')
  const before = await places()
  assert.notEqual(before[0], before[1])
  assert.deepEqual(await places(), before)
  await lab.underlay.reboot('nat-a')
  const after = await places()
  assert.notEqual(after[0], after[1])
  assert.notDeepEqual(after, before)
  await lab.underlay.setNat('nat-a', 'cone')
  assert.deepEqual(await places(), [`${NAT_A}:4000`, `${NAT_A}:4000`])
})

test('a router that gets another public address is seen at that', { skip }, async () => {
  await using scene = await open(cone())
  const { lab, mirrors } = scene
  const port = publicPort(4, { number: 3 })
  await lab.underlay.move('nat-a', port)
  const [address] = addressesOf(port)
  assert.notEqual(address, NAT_A)
  assert.deepEqual(await seenFrom(lab.host('a-1'), 4_000, mirrors), [`${address}:4000`, `${address}:4000`])
})

/** A lab with a mirror on each relay. */
async function open(scenario: Scenario): Promise<{ lab: Lab; mirrors: string[] } & AsyncDisposable> {
  const lab = await buildLab(scenario, { id: `n${uniqueId()}`, isolated: true })
  const mirrors = await startMirrors([lab.host('relay-1'), lab.host('relay-2')])
  return { lab, mirrors, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
}

async function answers(lab: Lab, from: string, address: string): Promise<boolean> {
  const [answer] = await pingAll([{ from: lab.host(from), to: address, address, family: 4 }], 1_000)
  return answer?.answered === true
}
