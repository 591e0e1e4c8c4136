import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  allFromBase64Url,
  fromBase32,
  fromBase64Url,
  isBase32Of,
  toBase32,
  toBase64Url,
} from '../../src/keys/text.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

describe('base32', () => {
  it('is that of RFC 4648 section 10, in lower case without padding', () => {
    const known = {
      '': '',
      f: 'my',
      fo: 'mzxq',
      foo: 'mzxw6',
      foob: 'mzxw6yq',
      fooba: 'mzxw6ytb',
      foobar: 'mzxw6ytboi',
    }
    for (const [plain, text] of Object.entries(known)) assert.equal(toBase32(Buffer.from(plain)), text)
  })

  it('gives back the bytes, and takes one text for them only', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.nat(),
        fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
        (given, at, letter) => {
          const text = toBase32(given)
          assert.deepEqual(fromBase32(text), given)
          const place = text.length === 0 ? 0 : at % text.length
          const other = text.slice(0, place) + letter + text.slice(place + 1)
          if (other !== text) assert.notDeepEqual(fromBase32(other), given)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('takes nothing that it does not write itself', () => {
    for (const text of ['MY', 'my======', 'm', 'mz', 'mzx', 'm1', 'my ', ' my', 'mY', 'mzxw6y']) {
      assert.equal(fromBase32(text), undefined, text)
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        const read = fromBase32(text)
        assert.ok(read === undefined || toBase32(read) === text)
      }),
    )
  })
})

it('Whether a text is base32 of so many bytes is what reading it says', () => {
  const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567', 'A', '1', ' ', 'é')
  const texts = fc.oneof(bytes.map(toBase32), fc.string({ unit: letter, maxLength: 28 }))
  const length = fc.constantFrom(0, 1, 2, 3, 4, 5, 10, 16)
  fc.assert(
    fc.property(texts, length, (text, wanted) => {
      for (const one of [text, text.slice(0, Math.ceil((wanted * 8) / 5))])
        assert.equal(isBase32Of(wanted, one), fromBase32(one)?.length === wanted)
    }),
    { numRuns: 1_000 },
  )
})

describe('base64url', () => {
  it('gives back the bytes', () => {
    fc.assert(fc.property(bytes, (given) => assert.deepEqual(fromBase64Url(toBase64Url(given)), given)))
  })

  it('gives of many what it gives of each', () => {
    const text = fc.oneof(bytes.map(toBase64Url), fc.string({ maxLength: 20 }))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        assert.deepEqual(
          allFromBase64Url(texts),
          texts.map((one) => fromBase64Url(one) ?? new Uint8Array()),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('takes a view into a larger buffer as what it shows', () => {
    assert.equal(toBase64Url(Uint8Array.from([9, 1, 2, 3, 9]).subarray(1, 4)), 'AQID')
  })

  it('takes nothing that it does not write itself', () => {
    for (const text of ['AQ==', 'AR', 'A', 'AQ ', 'A+', 'A/A', 'AQI=', '\nAQ', 'ÄQ']) {
      assert.equal(fromBase64Url(text), undefined, text)
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        const read = fromBase64Url(text)
        assert.ok(read === undefined || toBase64Url(read) === text)
      }),
    )
  })
})
