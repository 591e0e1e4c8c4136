import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readPublicKey } from '../../src/keys/public.ts'

describe('readPublicKey', () => {
  it('reads 32 bytes, and takes nothing longer or shorter for a key that begins alike', () => {
    for (const kind of ['ed25519', 'x25519'] as const) {
      assert.equal(readPublicKey(kind, new Uint8Array(32).fill(9)).asymmetricKeyType, kind)
      for (const length of [0, 31, 33, 34, 64])
        assert.throws(() => readPublicKey(kind, new Uint8Array(length).fill(9)), RangeError)
    }
  })
})
