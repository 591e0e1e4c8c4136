import { Map as ImmutableMap } from 'immutable'
import type { Convergence as Found, MemberConvergence } from '../../controller/push/convergence.ts'
import { pageOf } from '../paging.ts'
import type { Convergence, ConvergenceQuery } from '../schemas/convergence.ts'

/** Convergence as REST shows it: one page of the members that were asked for, and how many more there are. */
export function convergenceView(
  found: Found,
  { members, sort = 'name', ...page }: ConvergenceQuery,
): Convergence {
  const { network, epoch, revision, converged } = found
  const asked = found.items.filter(({ progress }) => members === 'all' || progress !== 'applied')
  const byNode = ImmutableMap(asked.map((item) => [item.node as string, item]))
  const { items, next } = pageOf(byNode, { ...page, sort }, { view: itemView, orders: { name: nameOf } })
  const last = asked.findIndex(({ node }) => node === items.at(-1)?.node)
  const later = last < 0 ? asked.length : sort === 'name' ? asked.length - 1 - last : last
  return {
    network,
    epoch,
    revision,
    converged,
    members: { ...found.members },
    items,
    ...(next !== undefined && { next }),
    more: page.cursor === undefined || items.length > 0 ? later : 0,
  }
}

function nameOf({ name }: MemberConvergence): string {
  return name
}

function itemView({ progress, reason, ...item }: MemberConvergence): Convergence['items'][number] {
  return { ...item, state: progress, reason: reason ?? null }
}
