import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { unwrap, wrap } from '../../src/keys/wrap.ts'

const key = new SecretBytes(systemRandom(32))
const refused = { code: 'digest-mismatch' }

describe('wrap', () => {
  it('opens with the same key at the same place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, place) => {
        const wrapped = wrap(new SecretBytes(bytes), key, place, systemRandom)
        assert.deepEqual(new Uint8Array(unwrap(wrapped, key, place).expose()), bytes)
      }),
    )
  })

  it('fails when two records have changed places', () => {
    const [a, b] = ['seed 1', 'seed 2'].map((place) =>
      wrap(new SecretBytes(systemRandom(32)), key, place, systemRandom),
    )
    assert.ok(a && b)
    assert.throws(() => unwrap(a, key, 'seed 2'), refused)
    assert.throws(() => unwrap(b, key, 'seed 1'), refused)
    unwrap(a, key, 'seed 1')
  })

  it('fails with another key, and says what to do without saying what is in it', () => {
    const secret = systemRandom(32)
    const wrapped = wrap(new SecretBytes(secret), key, 'seed', systemRandom)
    assert.throws(() => unwrap(wrapped, new SecretBytes(systemRandom(32)), 'seed'), {
      ...refused,
      message: 'The stored seed does not open with this key.',
      advice: /wrapping key/,
    })
  })

  it('fails with any bit changed and at any other length', () => {
    const wrapped = wrap(new SecretBytes(systemRandom(32)), key, 'seed', systemRandom)
    fc.assert(
      fc.property(fc.nat(wrapped.length - 1), fc.nat(7), (at, bit) => {
        const other = Uint8Array.from(wrapped)
        other[at] = (other[at] ?? 0) ^ (1 << bit)
        assert.throws(() => unwrap(other, key, 'seed'), refused)
      }),
    )
    for (let length = 0; length < wrapped.length; length++) {
      assert.throws(() => unwrap(wrapped.subarray(0, length), key, 'seed'), refused)
    }
  })

  it('is another each time', () => {
    const secret = new SecretBytes(systemRandom(32))
    assert.notDeepEqual(wrap(secret, key, 'seed', systemRandom), wrap(secret, key, 'seed', systemRandom))
  })
})
