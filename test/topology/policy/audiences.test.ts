import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../../../src/keys/identity.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import { Audiences } from '../../../src/topology/policy/audiences.ts'
import { Regime } from '../../../src/topology/policy/regime.ts'
import { nodeId } from '../../protocol/samples.ts'
import { policy, someone, topology } from './arbitrary.ts'
import { lets, type Someone, twinMayOpen, twinSees, type World } from './twin.ts'

const step = fc.oneof(
  { weight: 4, arbitrary: someone.map((who) => ({ who, gone: false })) },
  { weight: 1, arbitrary: someone.map((who) => ({ who, gone: true })) },
)
const world = fc.record({
  project: fc.constant(DEFAULT_PROJECT),
  topology,
  policy,
  steps: fc.array(step, { maxLength: 14 }),
})

describe('Who may see whom', () => {
  it('is for every pair what the policy says about the two, after any changes', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { audiences, people } = live(given)
        for (const a of people) {
          const seen = new Set(audiences.visibleTo(audiences.of(a.id)?.key ?? ''))
          for (const b of people) {
            assert.equal(seen.has(b.id), twinSees(given, a, b))
            assert.equal(audiences.sees(a.id, b.id), twinSees(given, a, b))
          }
          assert.equal(seen.size, people.filter((b) => twinSees(given, a, b)).length)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('is the same by changes as worked out at once, lists and filters alike', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { audiences, people } = live(given)
        const fresh = new Audiences(new Regime(given), people)
        for (const { id } of people) assert.deepEqual(pictureOf(audiences, id), pictureOf(fresh, id))
      }),
      { numRuns: 200 },
    )
  })

  it('changes only for the classes that are said to be affected', () => {
    fc.assert(
      fc.property(world, (given) => {
        const audiences = new Audiences(new Regime(given))
        const keys = new Set<string>()
        for (const { who, gone } of given.steps) {
          const there = [...keys].filter((key) => audiences.get(key))
          const before = new Map(there.map((key) => [key, sightOf(audiences, key)]))
          const { affected } = gone ? audiences.remove(who.id) : audiences.put(who)
          for (const [key, sight] of before)
            if (!affected.has(key) && audiences.get(key)) assert.deepEqual(sightOf(audiences, key), sight)
          const own = audiences.of(who.id)
          if (own) keys.add(own.key)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('What a class lets in', () => {
  it('is for every packet what the policy says about the two members', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { audiences, people } = live(given)
        for (const to of people) {
          const filter = audiences.filterOf(audiences.of(to.id)?.key ?? '')
          for (const from of people.filter((each) => twinSees(given, each, to))) {
            const allowance = filter
              ? (filter.openers.get(audiences.of(from.id)?.opener ?? '') ?? filter.others)
              : 'everything'
            for (const protocol of ['tcp', 'udp', 'icmp', 'other'] as const)
              for (let port = 1; port <= 13; port++)
                assert.equal(lets(allowance, protocol, port), twinMayOpen(given, from, to, protocol, port))
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

it('a filter is made anew when classes come or go, and not for each of their members', () => {
  const ports = [{ first: 443, last: 443 }]
  const rule = { from: '*', to: '*', protocols: ['tcp'], ports } as const
  const own = ['role=web', 'role=db'].map((each) => ({ from: each, to: each }))
  const policy = { default: 'deny', rules: [rule, ...own] } as const
  const audiences = new Audiences(new Regime({ project: DEFAULT_PROJECT, topology: 'mesh', policy }))
  const put = (number: number, role: string) =>
    audiences.put({ id: nodeId(number), project: DEFAULT_PROJECT, roles: [], labels: { role } })
  const filterOfFirst = () => audiences.filterOf(audiences.of(nodeId(1))?.key ?? '')
  put(1, 'web')
  put(2, 'db')
  const before = filterOfFirst()
  assert.ok(before)
  put(3, 'web')
  put(4, 'db')
  audiences.remove(nodeId(2))
  assert.equal(filterOfFirst(), before)
  audiences.remove(nodeId(4))
  assert.notEqual(filterOfFirst(), before)
})

function live(
  given: World & { readonly steps: readonly { readonly who: Someone; readonly gone: boolean }[] },
) {
  const audiences = new Audiences(new Regime(given))
  const people = new Map<NodeId, Someone>()
  for (const { who, gone } of given.steps) {
    if (gone) audiences.remove(who.id)
    else audiences.put(who)
    if (gone) people.delete(who.id)
    else people.set(who.id, who)
  }
  return { audiences, people: [...people.values()] }
}

function pictureOf(audiences: Audiences, node: NodeId) {
  const key = audiences.of(node)?.key ?? 'none'
  return { key, ...sightOf(audiences, key) }
}

function sightOf(audiences: Audiences, key: string) {
  return { visible: [...audiences.visibleTo(key)].sort(), filter: audiences.filterOf(key) }
}
