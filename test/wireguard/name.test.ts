import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toNodeId } from '../../src/keys/identity.ts'
import { toNetworkId } from '../../src/model/names.ts'
import { interfaceName, parseInterfaceName } from '../../src/wireguard/name.ts'

const node = toNodeId(new Uint8Array(16).fill(1))
const network = toNetworkId(new Uint8Array(10).fill(2))

test('an interface is named after node and network, in a form that Linux takes and never changes', () => {
  assert.equal(interfaceName(node, network), 'wfyuwmktyq23')
  assert.equal(parseInterfaceName(interfaceName(node, network)), interfaceName(node, network))
})

test('another node or another network has an interface of another name', () => {
  const names = new Set<string>()
  for (let number = 0; number < 100; number += 1) {
    names.add(interfaceName(toNodeId(new Uint8Array(16).fill(number)), network))
    names.add(interfaceName(node, toNetworkId(new Uint8Array(10).fill(number))))
  }
  assert.equal(names.size, 199)
})

test('names that the kernel takes and we do not are no interface names', () => {
  for (const text of ['-evil', 'wg0;id', 'wg%d', 'WG0', '0wg', 'wg 0', 'wg0\n', '', 'abcdefghijklmnop']) {
    assert.equal(parseInterfaceName(text), undefined, text)
  }
  assert.equal(parseInterfaceName('abcdefghijklmno'), 'abcdefghijklmno')
})
