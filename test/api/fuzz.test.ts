import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fuzz } from './fuzz/run.ts'

describe('every operation of the document, as described and with one constraint broken,', () => {
  it('is answered as documented, leaks nothing, and changes nothing when it is refused: 1,500 calls', async () => {
    const { byStatus, done, operations } = await fuzz(1_500, 7)
    assert.ok((byStatus.get(400) ?? 0) > 250)
    assert.ok(done.size > operations.length / 2, [...done].join())
  })
})
