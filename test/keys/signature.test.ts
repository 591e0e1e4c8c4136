import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { canonicalFields } from '../../src/keys/fields.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { parseVerifyKey, SigningKey, verifySignature } from '../../src/keys/signature.ts'
import { toBase64Url } from '../../src/keys/text.ts'

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
const body = fc.uint8Array({ maxLength: 200 })

describe('SigningKey', () => {
  it('makes the keys and the signatures that tweetnacl makes', () => {
    fc.assert(
      fc.property(seed, body, (bytes, message) => {
        const ours = new SigningKey(new SecretBytes(bytes))
        const theirs = nacl.sign.keyPair.fromSeed(bytes)
        assert.equal(ours.publicKey, toBase64Url(theirs.publicKey))
        const signed = new Uint8Array(canonicalFields('weft/1 delta', message))
        const signature = ours.sign('weft/1 delta', message)
        assert.deepEqual(new Uint8Array(signature), nacl.sign.detached(signed, theirs.secretKey))
        assert.ok(verifySignature(ours.publicKey, 'weft/1 delta', message, signature))
      }),
      { numRuns: 30 },
    )
  })
})

describe('verifySignature', () => {
  const key = new SigningKey(new SecretBytes(systemRandom(32)))
  const message = Buffer.from('the plan of today')
  const signature = key.sign('weft/1 self', message)

  it('refuses another domain, another body and another key', () => {
    const other = new SigningKey(new SecretBytes(systemRandom(32)))
    assert.ok(verifySignature(key.publicKey, 'weft/1 self', message, signature))
    assert.ok(!verifySignature(key.publicKey, 'weft/1 delta', message, signature))
    assert.ok(!verifySignature(key.publicKey, 'weft/1 self', Buffer.from('the plan of tonight'), signature))
    assert.ok(!verifySignature(other.publicKey, 'weft/1 self', message, signature))
  })

  it('refuses a signature with any bit changed', () => {
    fc.assert(
      fc.property(fc.nat(63), fc.nat(7), (at, bit) => {
        const forged = Uint8Array.from(signature)
        forged[at] = (forged[at] ?? 0) ^ (1 << bit)
        assert.ok(!verifySignature(key.publicKey, 'weft/1 self', message, forged))
      }),
    )
  })

  it('answers no to any rubbish, and never throws', () => {
    fc.assert(
      fc.property(seed, fc.uint8Array({ maxLength: 80 }), (bytes, rubbish) => {
        const publicKey = parseVerifyKey(toBase64Url(bytes))
        assert.ok(publicKey && !verifySignature(publicKey, 'weft/1 delta', message, rubbish))
      }),
    )
  })

  it('goes on knowing keys when it has seen very many', () => {
    for (let count = 0; count < 1_100; count++) {
      const publicKey = parseVerifyKey(toBase64Url(systemRandom(32)))
      assert.ok(publicKey && !verifySignature(publicKey, 'weft/1 self', message, signature))
    }
    assert.ok(verifySignature(key.publicKey, 'weft/1 self', message, signature))
  })
})

describe('parseVerifyKey', () => {
  it('takes 32 bytes in canonical base64url only', () => {
    const text = toBase64Url(systemRandom(32))
    assert.equal(parseVerifyKey(text), text)
    for (const other of ['', text.slice(1), `${text}A`, `${text}=`, toBase64Url(systemRandom(31))]) {
      assert.equal(parseVerifyKey(other), undefined)
    }
    assert.equal(parseVerifyKey(`${toBase64Url(new Uint8Array(32)).slice(0, 42)}B`), undefined)
  })
})
