import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Identity,
  nodeIdBytes,
  nodeIdOf,
  parseNodeId,
  parseSeed,
  SEED_BYTES,
  toNodeId,
} from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { toBase64Url } from '../../src/keys/text.ts'

/** Of the seed of 32 sevens: id, signing key, sealing key, member key 1 of `net-a`. */
const KNOWN = [
  '37t7zpmacaokt762lqktafoney',
  'ZR2UacJPVQgLL3aqjr4rQwytF3CQeGZSRsOyEvzztHg',
  '3RGa/61zXkS6fjCkmnbO4X5d0ngpDZgQdVsUvNrFl30=',
  'M+/MCSVJICzJZiJE+N15SzFPBO2MkQwPnJv41qIWgic=',
]

const seed = () => new SecretBytes(systemRandom(SEED_BYTES))

describe('Identity', () => {
  it('is the same again from the same seed, and another from another', () => {
    const bytes = systemRandom(SEED_BYTES)
    const [first, again] = [new Identity(new SecretBytes(bytes)), new Identity(new SecretBytes(bytes))]
    assert.equal(first.id, again.id)
    assert.equal(first.sealing.publicKey, again.sealing.publicKey)
    assert.equal(first.memberKey('net-a', 1).publicKey, again.memberKey('net-a', 1).publicKey)
    assert.notEqual(first.id, new Identity(seed()).id)
  })

  it('has another key for each role, network and version', () => {
    const identity = new Identity(seed())
    const keys = [
      identity.sealing.publicKey,
      identity.memberKey('net-a', 1).publicKey,
      identity.memberKey('net-a', 2).publicKey,
      identity.memberKey('net-b', 1).publicKey,
      identity.memberKey('net-a1', 1).publicKey,
      identity.memberKey('net-', 11).publicKey,
    ]
    assert.equal(new Set(keys).size, keys.length)
  })

  it('has the id that belongs to its public key', () => {
    const identity = new Identity(seed())
    assert.equal(nodeIdOf(identity.signing.publicKey), identity.id)
    assert.match(identity.id, /^[a-z2-7]{26}$/)
  })

  it('is made from known bytes as it always was, or every node would be a stranger after an upgrade', () => {
    const identity = new Identity(new SecretBytes(new Uint8Array(SEED_BYTES).fill(7)))
    assert.deepEqual(
      [
        identity.id,
        identity.signing.publicKey,
        identity.sealing.publicKey,
        identity.memberKey('net-a', 1).publicKey,
      ],
      KNOWN,
    )
  })

  it('refuses a seed of another length', () => {
    assert.throws(() => new Identity(new SecretBytes(systemRandom(31))), RangeError)
  })
})

describe('parseNodeId', () => {
  it('takes what an id looks like, and gives its bytes', () => {
    const { id } = new Identity(seed())
    assert.equal(parseNodeId(id), id)
    assert.equal(toNodeId(nodeIdBytes(id)), id)
    assert.equal(nodeIdBytes(id).length, 16)
    for (const text of ['', id.slice(1), `${id}a`, id.toUpperCase(), `${id.slice(0, 25)}1`]) {
      assert.equal(parseNodeId(text), undefined, text)
    }
  })
})

describe('parseSeed', () => {
  it('takes 32 bytes of base64url, with a line end as files have it', () => {
    const bytes = systemRandom(SEED_BYTES)
    assert.deepEqual(parseSeed(`${toBase64Url(bytes)}\n`)?.expose(), bytes)
    for (const text of ['', 'short', toBase64Url(systemRandom(31)), toBase64Url(systemRandom(33))]) {
      assert.equal(parseSeed(text), undefined)
    }
  })
})
