import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BLANK_BYTES, makeBlank, packBlank, unpackBlank } from '../../src/keys/blank.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { openSeal } from '../../src/keys/seal.ts'
import { KeyStock } from '../../src/keys/stock.ts'
import { createKeyPair, PrivateKey, publicKeyOf } from '../../src/keys/wireguard.ts'

const alice = createKeyPair(systemRandom)
const bob = createKeyPair(systemRandom)

/** The public half of the private key that `sealed` holds for Alice. */
function opened(sealed: string, place: string) {
  const secret = openSeal(Buffer.from(sealed, 'base64'), alice.privateKey, alice.publicKey, place)
  return publicKeyOf(new PrivateKey(secret.expose()))
}

describe('A stock of keys', () => {
  it('issues a pair whose private half only its owner can open, for the place alone', () => {
    for (const stock of [new KeyStock(), new KeyStock([makeBlank(alice.publicKey)])]) {
      const { publicKey, sealedKey } = stock.issue(alice.publicKey, 'here')
      assert.equal(opened(sealedKey, 'here'), publicKey)
      assert.throws(() => opened(sealedKey, 'there'), { code: 'digest-mismatch' })
    }
  })

  it('takes each blank once, makes what it lacks, and gives the same key for the same place', () => {
    const blanks = [makeBlank(alice.publicKey), makeBlank(bob.publicKey), makeBlank(alice.publicKey)]
    const made = new Set(blanks.map(({ pair }) => pair.publicKey))
    const stock = new KeyStock(blanks)
    const keys = ['one', 'two', 'three'].map((place) => stock.issue(alice.publicKey, place))
    assert.equal(new Set(keys.map(({ publicKey }) => publicKey)).size, 3)
    assert.deepEqual(
      keys.map(({ publicKey }) => made.has(publicKey)),
      [true, true, false],
      "Bob's is not for Alice",
    )
    assert.equal(stock.issue(alice.publicKey, 'two'), keys[1])
  })

  it('forgets the secrets of every blank, used or not', () => {
    const blanks = [makeBlank(alice.publicKey), makeBlank(alice.publicKey)]
    const secrets = blanks.flatMap(({ pair, box }) => [pair.privateKey.expose(), box.key.expose()])
    const stock = new KeyStock(blanks)
    stock.issue(alice.publicKey, 'one')
    stock[Symbol.dispose]()
    assert.ok(secrets.every((bytes) => bytes.every((byte) => byte === 0)))
  })

  it('moves blanks through bytes and leaves nothing behind', () => {
    const blank = makeBlank(alice.publicKey)
    const bytes = new Uint8Array(BLANK_BYTES)
    const secret = blank.pair.privateKey.expose()
    packBlank(blank, bytes)
    assert.ok(secret.every((byte) => byte === 0))
    const moved = unpackBlank(bytes, alice.publicKey)
    assert.ok(bytes.every((byte) => byte === 0))
    const { publicKey, sealedKey } = new KeyStock([moved]).issue(alice.publicKey, 'here')
    assert.equal(publicKey, blank.pair.publicKey)
    assert.equal(opened(sealedKey, 'here'), publicKey)
  })
})
