import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { WeftError } from '../../src/errors.ts'
import { parseDump } from '../../src/wireguard/dump.ts'
import { keyPair, publicKey } from './fixture.ts'

const secret = Buffer.from(keyPair(1).privateKey.expose()).toString('base64')
const preshared = Buffer.alloc(32, 9).toString('base64')
const fields = (...texts: (string | number)[]) => `${texts.join('\t')}\n`
const first = fields(secret, publicKey(1), 51_820, 'off')

test('a dump tells the public key, the port and the peers', () => {
  const text =
    first +
    fields(publicKey(2), '(none)', '192.0.2.1:51820', '10.1.2.0/24,fd12::/64', 1_700_000_000, 1234, 99, 25) +
    fields(publicKey(3), preshared, '[2001:db8::1]:51820', '(none)', 0, 0, 0, 'off') +
    fields(publicKey(4), '(none)', '(none)', '0.0.0.0/0,::/0', 0, 0, 0, 'off')
  const { publicKey: own, listenPort, peers } = parseDump(text)
  assert.equal(own, publicKey(1))
  assert.equal(listenPort, 51_820)
  assert.deepEqual(peers.get(publicKey(2)), {
    publicKey: publicKey(2),
    endpoint: '192.0.2.1:51820',
    allowedIps: ['10.1.2.0/24', 'fd12::/64'],
    keepalive: 25,
    latestHandshake: 1_700_000_000,
    rxBytes: 1234,
    txBytes: 99,
    hasPresharedKey: false,
  })
  assert.equal(peers.get(publicKey(3))?.hasPresharedKey, true)
  assert.deepEqual(peers.get(publicKey(3))?.allowedIps, [])
  assert.equal(peers.get(publicKey(4))?.endpoint, undefined)
  assert.equal(peers.size, 3)
})

test('a new interface has no key, no peers and perhaps no port', () => {
  const empty = parseDump(fields('(none)', '(none)', 0, 'off'))
  assert.deepEqual(empty, { publicKey: undefined, listenPort: 0, peers: new Map() })
})

test('what was set by hand is readable: a zone in an endpoint, IPv4 in the clothes of IPv6', () => {
  const text =
    first + fields(publicKey(2), '(none)', '[fe80::1%eth0]:51820', '::ffff:1.2.3.4/128', 0, 0, 0, 'off')
  const found = parseDump(text).peers.get(publicKey(2))
  assert.equal(found?.endpoint, '[fe80::1%eth0]:51820')
  assert.deepEqual(found?.allowedIps, ['::ffff:1.2.3.4/128'])
})

test('no secret is kept', () => {
  const text = first + fields(publicKey(3), preshared, '(none)', '(none)', 0, 0, 0, 'off')
  const shown = inspect(parseDump(text), { depth: null, showHidden: true })
  assert.ok(!shown.includes(secret) && !shown.includes(preshared))
})

test('anything that is no dump is an error of the program, in which no secret is repeated', () => {
  const good = [publicKey(2), '(none)', '(none)', '10.1.2.0/24', '0', '0', '0', 'off']
  const wrongPeers = good.map((_, column) => good.with(column, `${secret} `))
  wrongPeers.splice(1, 1)
  for (const text of [
    '',
    '\n',
    secret,
    fields(secret, secret),
    ...wrongPeers.map((peer) => first + fields(...peer)),
  ]) {
    assert.throws(
      () => parseDump(text),
      (error) =>
        error instanceof WeftError && error.code === 'program-failed' && !inspect(error).includes(secret),
      text,
    )
  }
})

test('random text is either a dump or an error of the program, never another error', () => {
  const cell = fc.oneof(
    fc.constantFrom('(none)', 'off', '0', publicKey(1), secret, '10.0.0.0/8', ',', ''),
    fc.string(),
  )
  const line = fc.array(cell, { maxLength: 9 }).map((cells) => cells.join('\t'))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      try {
        parseDump(lines.join('\n'))
      } catch (error) {
        assert.ok(error instanceof WeftError && error.code === 'program-failed')
      }
    }),
    { numRuns: 300 },
  )
})
