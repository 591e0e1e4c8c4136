import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SetDigest } from '../../src/protocol/digest.ts'

const member = fc.uint8Array({ minLength: 1, maxLength: 90 })

describe('The digest of a set', () => {
  it('is the same whatever the order in which members came', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 12 }), fc.nat(), (members, seed) => {
        const shuffled = members.toSorted(
          (a, b) => ((a.length * 31 + seed) % 7) - ((b.length * 31 + seed) % 7),
        )
        assert.equal(digestOf(members), digestOf(shuffled))
      }),
      { numRuns: 50 },
    )
  })

  it('is as if a member had never been there once it is removed', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), member, (members, extra) => {
        const digest = new SetDigest()
        for (const one of members) digest.add(one)
        const before = digest.value()
        digest.add(extra)
        assert.notEqual(digest.value(), before)
        digest.remove(extra)
        assert.equal(digest.value(), before)
      }),
      { numRuns: 50 },
    )
  })

  it('tells sets apart that differ in one bit of one member', () => {
    const members = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)]
    const changed = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 7)]
    assert.notEqual(digestOf(members), digestOf(changed))
  })

  it('counts members, so that two equal ones do not cancel each other', () => {
    const twice = digestOf([Uint8Array.of(9), Uint8Array.of(9)])
    assert.notEqual(twice, digestOf([]))
    assert.notEqual(twice, digestOf([Uint8Array.of(9)]))
  })
})

function digestOf(members: readonly Uint8Array[]): string {
  const digest = new SetDigest()
  for (const one of members) digest.add(one)
  return digest.value()
}
