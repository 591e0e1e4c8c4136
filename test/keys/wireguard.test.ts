import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { systemRandom } from '../../src/keys/random.ts'
import {
  createKeyPair,
  curveKey,
  curvePublic,
  curveShared,
  generateKeyPair,
  PrivateKey,
  parsePublicKey,
  publicKeyBytes,
  publicKeyOf,
  toPublicKey,
} from '../../src/keys/wireguard.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('PrivateKey', () => {
  it('is clamped as RFC 7748 section 5 says, and otherwise what was given', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        const clamped = new PrivateKey(bytes).expose()
        assert.equal((clamped[0] ?? 0) & 7, 0)
        assert.equal((clamped[31] ?? 0) & 192, 64)
        assert.deepEqual(clamped.subarray(1, 31), bytes.subarray(1, 31))
        assert.deepEqual(new PrivateKey(clamped).expose(), clamped)
      }),
    )
  })

  it('is 32 bytes and nothing else', () => {
    for (const length of [0, 31, 33, 64])
      assert.throws(() => new PrivateKey(new Uint8Array(length)), RangeError)
  })
})

describe('curvePublic and curveShared', () => {
  it('give the bytes that tweetnacl gives', () => {
    fc.assert(
      fc.property(key, key, (mine, theirs) => {
        const secret = new PrivateKey(mine).expose()
        const publicKey = nacl.scalarMult.base(theirs)
        assert.deepEqual(curvePublic(curveKey(secret)), nacl.scalarMult.base(secret))
        assert.deepEqual(curveShared(curveKey(secret), publicKey), nacl.scalarMult(secret, publicKey))
      }),
      { numRuns: 50 },
    )
  })

  it('give both ends the same', () => {
    const [a, b] = [createKeyPair(systemRandom), createKeyPair(systemRandom)]
    assert.deepEqual(
      curveShared(curveKey(a.privateKey.expose()), publicKeyBytes(b.publicKey)),
      curveShared(curveKey(b.privateKey.expose()), publicKeyBytes(a.publicKey)),
    )
  })

  it('refuse a public key of low order, with which the result would be known to all', () => {
    const secret = new PrivateKey(systemRandom(32)).expose()
    assert.throws(() => curveShared(curveKey(secret), new Uint8Array(32)))
    assert.throws(() => curveShared(curveKey(secret), Uint8Array.from([1, ...new Uint8Array(31)])))
  })
})

describe('public keys', () => {
  it('belong to their private key, whoever asks', () => {
    const pair = createKeyPair(systemRandom)
    assert.equal(publicKeyOf(pair.privateKey), pair.publicKey)
    assert.deepEqual(publicKeyBytes(pair.publicKey), nacl.scalarMult.base(pair.privateKey.expose()))
    const generated = generateKeyPair()
    assert.equal(publicKeyOf(generated.privateKey), generated.publicKey)
    const secret = generated.privateKey.expose()
    assert.deepEqual(publicKeyBytes(generated.publicKey), nacl.scalarMult.base(secret))
    assert.notEqual(generateKeyPair().publicKey, generated.publicKey)
  })

  it('are taken in the one form in which wg prints them', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        const text = toPublicKey(bytes)
        assert.equal(parsePublicKey(text), text)
        assert.deepEqual(publicKeyBytes(text), bytes)
      }),
    )
    const text = toPublicKey(new Uint8Array(32))
    const others = [
      text.slice(0, 43),
      `${text}=`,
      ` ${text}`,
      text.replace('=', 'A'),
      text.replace('A=', 'B='),
      '',
    ]
    for (const other of others) assert.equal(parsePublicKey(other), undefined, other)
    assert.equal(parsePublicKey(toPublicKey(new Uint8Array(32).fill(255)).replaceAll('/', '_')), undefined)
  })
})
