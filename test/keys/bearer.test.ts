import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { bearerHash, createBearer, sameHash } from '../../src/keys/bearer.ts'
import { systemRandom } from '../../src/keys/random.ts'

describe('a bearer secret', () => {
  it('is 256 random bits in 43 characters, another each time', () => {
    const texts = [1, 2].map(() => Buffer.from(createBearer(systemRandom).expose()).toString())
    for (const text of texts) assert.match(text, /^[A-Za-z0-9_-]{43}$/)
    assert.notEqual(texts[0], texts[1])
  })

  it('is stored as its SHA-256', () => {
    assert.equal(bearerHash('weft'), createHash('sha256').update('weft').digest('hex'))
  })

  it('is compared by hash, whatever is put in its place', () => {
    const hash = bearerHash('weft')
    assert.ok(sameHash(hash, bearerHash('weft')))
    for (const other of ['', hash.slice(1), `${hash}0`, bearerHash('left'), hash.replace(/.$/, 'x')]) {
      assert.ok(!sameHash(hash, other))
    }
  })
})
