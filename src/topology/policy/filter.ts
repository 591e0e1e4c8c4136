import type { Allowance } from '../../model/policy.ts'
import type { Audiences } from './audiences.ts'
import { type Class, NOBODY, type Regime } from './regime.ts'

/** What members of one class let in, by what who opens a flow may open (Class.opener). */
export interface ClassFilter {
  /** For all that are not listed. */
  readonly others: Allowance
  readonly openers: ReadonlyMap<string, Allowance>
}

/** Which classes there are at some time, and which see each other. */
type Scene = Pick<Audiences, 'regime' | 'get' | 'partnersOf'>

/** By the classes that one sees: that map is another one as soon as they are others. */
const known = new WeakMap<ReadonlyMap<string, Class>, ClassFilter | undefined>()

/** The filter of a class; undefined when all that it sees may open everything to it. The same until classes come or go. */
export function filterOf(audiences: Scene, key: string): ClassFilter | undefined {
  const own = audiences.get(key)
  if (!own || audiences.regime.isUnfiltered) return undefined
  const partners = audiences.partnersOf(key)
  if (!known.has(partners)) known.set(partners, makeFilter(audiences.regime, own, [...partners.values()]))
  return known.get(partners)
}

function makeFilter(regime: Regime, own: Class, seen: readonly Class[]): ClassFilter | undefined {
  const allowances = seen.map((each) => [each.opener, regime.opens(each, own)] as const)
  if (allowances.every(([, allowance]) => allowance === 'everything')) return undefined
  const others = regime.opens(NOBODY, own)
  const usual = JSON.stringify(others)
  return { others, openers: new Map(allowances.filter(([, each]) => JSON.stringify(each) !== usual)) }
}
