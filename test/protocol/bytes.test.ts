import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ByteReader, ByteWriter } from '../../src/protocol/bytes.ts'

describe('Canonical bytes', () => {
  it('give back every number that was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (number) => {
        const reader = new ByteReader(new ByteWriter().number(number).finish())
        assert.equal(reader.number(), number)
        reader.end()
      }),
    )
  })

  it('refuse a longer form of a number, a number too large, and bytes that are left or missing', () => {
    const code = 'protocol-error'
    assert.throws(() => new ByteReader(Uint8Array.of(0x81, 0x00)).number(), { code })
    assert.throws(() => new ByteReader(new Uint8Array(9).fill(0xff)).number(), { code })
    assert.throws(() => new ByteReader(Uint8Array.of(33)).number(32), { code })
    assert.throws(() => new ByteReader(Uint8Array.of(5, 1, 2)).block(), { code })
    assert.throws(() => new ByteReader(Uint8Array.of(1)).end(), { code })
  })

  it('that are arbitrary are read or refused, never worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const reader = new ByteReader(bytes)
        try {
          reader.number()
          reader.block()
          reader.text()
          reader.end()
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'protocol-error')
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
