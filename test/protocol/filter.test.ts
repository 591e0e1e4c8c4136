import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toWeftError } from '../../src/errors.ts'
import type { Allowance } from '../../src/model/policy.ts'
import { decodeFilter, encodeFilter, type Filter } from '../../src/protocol/filter.ts'
import { changedFilter, changedGroups, encodeFilterPart } from '../../src/protocol/filter-part.ts'
import { toGroup } from '../../src/protocol/group.ts'

const SSH: Allowance = [{ protocol: 'tcp', ports: [{ first: 22, last: 22 }] }]
const allowance = fc.constantFrom<Allowance>('everything', [], SSH, [{ protocol: 'icmp', ports: [] }])
const group = fc.nat(9).map((number) => toGroup(new Uint8Array(8).fill(number)))
const filter: fc.Arbitrary<Filter> = fc
  .tuple(allowance, fc.array(fc.tuple(group, allowance), { maxLength: 9 }))
  .map(([others, groups]) => ({ others, groups: new Map(groups) }))

describe('A filter', () => {
  it('is read as it was written, and written the same in whatever order its groups came', () => {
    fc.assert(
      fc.property(filter, ({ others, groups }) => {
        const bytes = encodeFilter({ others, groups })
        assert.deepEqual(decodeFilter(bytes), { others, groups })
        const turned = structuredClone({ others, groups: new Map([...groups].reverse()) })
        assert.deepEqual(encodeFilter(turned), bytes)
        assert.deepEqual(encodeFilter(decodeFilter(bytes)), bytes)
      }),
    )
  })

  it('comes of any other with the same for all others by the groups in which they differ', () => {
    fc.assert(
      fc.property(filter, filter, (before, { groups }) => {
        const after = { others: before.others, groups }
        const changed = changedGroups(before, after) ?? assert.fail()
        const part = encodeFilterPart(new Map(changed.map((each) => [each, groups.get(each)])))
        assert.deepEqual(changedFilter(before, part), encodeFilter(after))
        assert.equal(changed.length === 0, Buffer.compare(encodeFilter(before), encodeFilter(after)) === 0)
      }),
    )
  })

  it('does not come of one that says something else for all others, nor where there is none', () => {
    const one: Filter = { others: SSH, groups: new Map() }
    assert.equal(changedGroups(one, { ...one, others: [] }), undefined)
    assert.equal(changedGroups(undefined, one), undefined)
    assert.equal(changedGroups(one, undefined), undefined)
  })

  it('is not changed by bytes that are no part', () => {
    const one: Filter = { others: SSH, groups: new Map() }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeFilter(changedFilter(one, bytes))
        } catch (error) {
          assert.equal(toWeftError(error).code, 'protocol-error')
        }
      }),
    )
  })
})
