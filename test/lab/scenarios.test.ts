import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roaming, rovingPort } from '../../src/lab/homes.ts'
import { SCENARIOS, scenarioNamed } from '../../src/lab/named.ts'
import { CONTROLLER, expectedPath, type Scenario } from '../../src/lab/topology.ts'

const NAMES = [
  ...['flat', 'cone', 'symmetric', 'double-nat', 'dual-stack'],
  ...['roaming', 'same-lan', 'mtu', 'captive', 'sites'],
]

test('there is a lab for each name, and a name that is none is answered with those that are', () => {
  assert.deepEqual(
    SCENARIOS.map(({ name }) => name),
    NAMES,
  )
  for (const name of NAMES) assert.equal(scenarioNamed(name).name, name)
  assert.throws(() => scenarioNamed('cones'), { code: 'not-found', field: 'lab', advice: /flat, cone, symm/ })
})

for (const scenario of SCENARIOS) {
  test(`${scenario.name}: no name or address of a segment is there twice, and every gateway is somebody`, () => {
    const { hosts } = scenario
    const names = hosts.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    assert.ok(names.includes(CONTROLLER))
    for (const name of names) assert.ok(name.length <= 12, name)
    const own = hosts.flatMap(({ ports }) => ports.flatMap(placesOf))
    assert.equal(new Set(own).size, own.length)
    for (const { segment, gateways = [] } of hosts.flatMap(({ ports }) => ports)) {
      for (const gateway of gateways) assert.ok(own.includes(`${segment} ${gateway}`), gateway)
    }
  })

  test(`${scenario.name}: all ends of a segment are of one size, and each segment has two at least`, () => {
    for (const { name } of scenario.segments) {
      const ends = scenario.hosts.flatMap(({ ports }) => ports).filter(({ segment }) => segment === name)
      assert.ok(ends.length >= 2, name)
      assert.equal(new Set(ends.map(({ mtu }) => mtu)).size, 1, name)
    }
  })

  test(`${scenario.name}: it is said of every pair of members over what they come to talk, and both ways alike`, () => {
    const members = membersOf(scenario)
    assert.ok(members.length >= 2)
    for (const from of members) {
      for (const to of members) {
        assert.ok(expectedPath(scenario, from, to))
        assert.equal(expectedPath(scenario, from, to), expectedPath(scenario, to, from))
      }
    }
    for (const name of scenario.paths.flatMap(({ among = [] }) => among)) assert.ok(members.includes(name))
  })
}

test('what is relayed, or punched with a witness, has relays; what goes by gateways has those', () => {
  for (const { name, hosts, paths, overlay } of SCENARIOS) {
    const roles = hosts.flatMap(({ agent }) => agent?.roles ?? [])
    const needsRelay = paths.some(({ kind }) => kind === 'relayed' || kind === 'punched')
    if (needsRelay) assert.ok(roles.includes('relay'), name)
    assert.equal(overlay === 'sites', roles.includes('gateway'), name)
    assert.equal(
      overlay === 'sites',
      paths.some(({ kind }) => kind === 'gateways'),
      name,
    )
  }
})

test('the pairs of some labs are what these labs are for', () => {
  const pairs = [
    ['cone', 'a-1', 'a-2', 'lan'],
    ['cone', 'a-1', 'b-2', 'punched'],
    ['symmetric', 'b-1', 'b-2', 'lan'],
    ['symmetric', 'a-1', 'b-2', 'relayed'],
    ['double-nat', 'deep', 'home', 'punched'],
    ['dual-stack', 'four-1', 'four-2', 'direct'],
    ['dual-stack', 'six-1', 'six-2', 'direct'],
    ['dual-stack', 'four-1', 'six-2', 'relayed'],
    ['captive', 'captive', 'open', 'relayed'],
    ['captive', 'open', 'home', 'direct'],
    ['sites', 'gate-a', 'a-2', 'lan'],
    ['sites', 'gate-a', 'gate-c', 'direct'],
    ['sites', 'a-1', 'gate-b', 'gateways'],
    ['sites', 'a-1', 'b-1', 'gateways'],
  ] as const
  for (const [name, from, to, kind] of pairs) assert.equal(expectedPath(scenarioNamed(name), from, to), kind)
})

test('a rover is on the LAN of the home it is in, and comes into the other by a hole', () => {
  const moved = roaming('b')
  assert.equal(expectedPath(roaming(), 'rover', 'a-1'), 'lan')
  assert.equal(expectedPath(moved, 'rover', 'b-1'), 'lan')
  assert.equal(expectedPath(moved, 'rover', 'a-1'), 'punched')
  assert.deepEqual(moved.hosts.find(({ name }) => name === 'rover')?.ports, [rovingPort('b')])
  assert.deepEqual(moved.segments, roaming().segments)
})

function placesOf({ segment, addresses }: Scenario['hosts'][number]['ports'][number]): string[] {
  return addresses.map((address) => `${segment} ${address.split('/')[0]}`)
}

function membersOf({ hosts }: Scenario): string[] {
  return hosts.filter(({ agent }) => agent?.member).map(({ name }) => name)
}
