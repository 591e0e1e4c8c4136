import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { canonicalFields } from '../../src/keys/fields.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { fillBox, makeBoxes, openSeal, seal } from '../../src/keys/seal.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { createKeyPair, publicKeyBytes } from '../../src/keys/wireguard.ts'

const alice = createKeyPair(systemRandom)
const bob = createKeyPair(systemRandom)
const place = 'member key, net-1, node-1, 3'
const refused = { code: 'digest-mismatch' }

describe('seal', () => {
  it('opens for the recipient and the place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.string(), (bytes, where) => {
        const sealed = seal(new SecretBytes(bytes), alice.publicKey, where)
        assert.deepEqual(openSeal(sealed, alice.privateKey, alice.publicKey, where).expose(), bytes)
      }),
      { numRuns: 30 },
    )
  })

  it('is a box of NaCl behind the one-time public key', () => {
    const secret = systemRandom(32)
    const sealed = seal(new SecretBytes(secret), alice.publicKey, place)
    const [oneTime, box] = [sealed.subarray(0, 32), sealed.subarray(32)]
    const fields = canonicalFields('weft/1 seal', oneTime, publicKeyBytes(alice.publicKey), place)
    const nonce = new Uint8Array(createHash('sha256').update(fields).digest().subarray(0, 24))
    assert.deepEqual(nacl.box.open(box, nonce, oneTime, alice.privateKey.expose()), secret)
    assert.equal(nacl.box.open(box, nonce, oneTime, bob.privateKey.expose()), null)
  })

  it('opens for no other place and no other recipient', () => {
    const sealed = seal(new SecretBytes(systemRandom(32)), alice.publicKey, place)
    assert.throws(() => openSeal(sealed, alice.privateKey, alice.publicKey, `${place}0`), refused)
    assert.throws(() => openSeal(sealed, bob.privateKey, bob.publicKey, place), refused)
    assert.throws(() => openSeal(sealed, bob.privateKey, alice.publicKey, place), refused)
    assert.throws(() => openSeal(sealed, alice.privateKey, bob.publicKey, place), refused)
  })

  it('opens with no bit changed and at no other length', () => {
    const sealed = seal(new SecretBytes(systemRandom(32)), alice.publicKey, place)
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.nat(7), (at, bit) => {
        // X25519 takes no notice of the topmost bit of a public key, but the nonce does.
        const other = Uint8Array.from(sealed)
        other[at] = (other[at] ?? 0) ^ (1 << bit)
        assert.throws(() => openSeal(other, alice.privateKey, alice.publicKey, place), refused)
      }),
    )
    for (let length = 0; length < sealed.length; length++) {
      const cut = sealed.subarray(0, length)
      assert.throws(() => openSeal(cut, alice.privateKey, alice.publicKey, place), refused)
    }
  })

  it('opens nothing behind a one-time key of low order', () => {
    const forged = new Uint8Array(80)
    assert.throws(() => openSeal(forged, alice.privateKey, alice.publicKey, place), refused)
  })

  it('is another each time, and does not hold the secret', () => {
    const secret = systemRandom(32)
    const sealed = [1, 2].map(() => Buffer.from(seal(new SecretBytes(secret), alice.publicKey, place)))
    assert.notDeepEqual(sealed[0], sealed[1])
    assert.ok(sealed.every((bytes) => !bytes.includes(Buffer.from(secret.subarray(0, 8)))))
  })

  it('makes boxes for many by one one-time key, which serves nobody twice', () => {
    const owners = [alice, bob, alice, bob, alice]
    const boxes = makeBoxes(owners.map(({ publicKey }) => publicKey))
    const oneTime = boxes.map(({ oneTimePublic }) => Buffer.from(oneTimePublic).toString('hex'))
    assert.equal(oneTime[0], oneTime[1])
    assert.equal(new Set(oneTime).size, 3)
    const keys = boxes.map(({ key }) => Buffer.from(key.expose()).toString('hex'))
    assert.equal(new Set(keys).size, owners.length)
    for (const [at, box] of boxes.entries()) {
      const owner = owners[at] ?? alice
      const secret = systemRandom(32)
      const sealed = fillBox(box, new SecretBytes(secret), place)
      assert.deepEqual(openSeal(sealed, owner.privateKey, owner.publicKey, place).expose(), secret)
      assert.throws(() => fillBox(box, new SecretBytes(secret), place), /forgotten/)
    }
  })
})
