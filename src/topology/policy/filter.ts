import type { Allowance } from '../../model/policy.ts'
import type { Audiences } from './audiences.ts'
import { NOBODY } from './regime.ts'

/** What members of one class let in, by the class of who opens a flow. */
export interface ClassFilter {
  /** For all classes that are not listed. */
  readonly others: Allowance
  /** By key of the class; sorted. */
  readonly classes: ReadonlyMap<string, Allowance>
}

/** The filter of a class; undefined when all that it sees may open everything to it. */
export function filterOf(audiences: Audiences, key: string): ClassFilter | undefined {
  const { regime } = audiences
  const own = audiences.get(key)
  if (!own || regime.isUnfiltered) return undefined
  const seen = [...audiences.partnersOf(key).values()]
  const allowances = seen.map((each) => [each.key, regime.opens(each, own)] as const)
  if (allowances.every(([, allowance]) => allowance === 'everything')) return undefined
  const others = regime.opens(NOBODY, own)
  const usual = JSON.stringify(others)
  return { others, classes: new Map(allowances.filter(([, each]) => JSON.stringify(each) !== usual)) }
}
