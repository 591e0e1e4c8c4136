import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeftError } from '../../src/errors.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'

test('an endpoint is taken in the form that wg prints', () => {
  for (const text of ['192.0.2.1:51820', '[2001:db8::1]:1', '192.0.2.255:65535']) {
    assert.equal(parseEndpoint(text), text)
  }
  assert.equal(parseEndpoint('[2001:DB8:0:0:0:0:0:1]:51820'), '[2001:db8::1]:51820')
})

test('host names, ports out of range and all else are refused', () => {
  const wrong = [
    'example.org:51820',
    'localhost:1',
    '192.0.2.1',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.1:080',
  ]
  const stranger = [
    '2001:db8::1:51820',
    '[192.0.2.1]:51820',
    '[fe80::1%eth0]:51820',
    '-h:1',
    '192.0.2.1:1\n',
    '',
  ]
  for (const text of [...wrong, ...stranger]) {
    assert.throws(
      () => parseEndpoint(text),
      (error) => error instanceof WeftError && error.code === 'invalid-input',
      text,
    )
  }
})
