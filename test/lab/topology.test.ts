import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROLLER, flat } from '../../src/lab/topology.ts'

test('a flat lab has the controller and the nodes on one segment, each with an address of its own in both families', () => {
  const { hosts, segments } = flat(16)
  assert.deepEqual(hosts.map(({ name }) => name).slice(0, 3), [CONTROLLER, 'node-1', 'node-2'])
  assert.equal(hosts.length, 17)
  const ports = hosts.flatMap((host) => host.ports)
  assert.deepEqual(new Set(ports.map(({ segment }) => segment)), new Set(segments.map(({ name }) => name)))
  const addresses = ports.flatMap((port) => port.addresses)
  assert.equal(new Set(addresses).size, 34)
  assert.equal(addresses.filter((address) => /^198\.18\.0\.\d+\/24$/.test(address)).length, 17)
  assert.equal(addresses.filter((address) => /^2001:db8::[0-9a-f]+\/64$/.test(address)).length, 17)
})

test('interface names at the switch fit into the 15 characters of the kernel', () => {
  for (const { name, ports } of flat(250).hosts) assert.ok(`${name}.${ports.length - 1}`.length <= 15, name)
})

test('a flat lab of no, too many or half a node is refused by name', () => {
  for (const nodes of [0, -1, 251, 1.5, Number.NaN]) {
    assert.throws(() => flat(nodes), { code: 'invalid-input', field: 'nodes' })
  }
})
