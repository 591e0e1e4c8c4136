import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalFields } from '../../src/keys/fields.ts'

const fields = fc.array(fc.oneof(fc.string({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 })), {
  maxLength: 5,
})

describe('canonicalFields', () => {
  it('is each field behind its length', () => {
    const bytes = canonicalFields('ab', 'c', new Uint8Array(), Uint8Array.from([255]))
    assert.equal(Buffer.from(bytes).toString('hex'), '00000002616200000001630000000000000001ff')
  })

  it('differs when the fields differ, also when they are the same bytes in another cut', () => {
    assert.notDeepEqual(canonicalFields('a', 'bc'), canonicalFields('ab', 'c'))
    assert.notDeepEqual(canonicalFields('a', 'b', ''), canonicalFields('a', 'b'))
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        const same = JSON.stringify(a.map(hex)) === JSON.stringify(b.map(hex))
        assert.equal(Buffer.from(canonicalFields('x', ...a)).equals(canonicalFields('x', ...b)), same)
      }),
    )
  })
})

function hex(field: string | Uint8Array): string {
  return Buffer.from(field).toString('hex')
}
