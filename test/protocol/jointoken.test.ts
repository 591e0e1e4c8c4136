import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseFingerprint } from '../../src/keys/pinned.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { formatJoinToken, parseJoinToken } from '../../src/protocol/jointoken.ts'
import { controllerKey } from './samples.ts'

const fingerprint = parseFingerprint('A'.repeat(43))
assert.ok(fingerprint)
const secret = new SecretBytes(Buffer.from('a secret'))
const token = formatJoinToken({
  urls: ['https://192.0.2.1:7443'],
  fingerprint,
  controllerKey: controllerKey.publicKey,
  secret,
})

describe('A join token', () => {
  it('says where the controller is, how to know it, and the secret', () => {
    const ticket = parseJoinToken(` ${token}\n`)
    assert.deepEqual(ticket.urls, ['https://192.0.2.1:7443'])
    assert.equal(ticket.fingerprint, fingerprint)
    assert.equal(ticket.controllerKey, controllerKey.publicKey)
    assert.equal(Buffer.from(ticket.secret.expose()).toString(), 'a secret')
  })

  it('that is cut short is refused with advice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: token.length - 1 }), (length) => {
        assert.throws(() => parseJoinToken(token.slice(0, length)), { code: 'invalid-input', field: 'join' })
      }),
    )
  })

  it('that is something else is refused', () => {
    for (const text of ['', 'weft_x', 'weftjoin1_', `weftjoin1_${'x'.repeat(50)}`, '{}']) {
      assert.throws(() => parseJoinToken(text), { code: 'invalid-input' })
    }
  })
})
