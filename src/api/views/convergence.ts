import type { Convergence as Found } from '../../controller/push/convergence.ts'
import type { Convergence, ConvergenceQuery } from '../schemas/convergence.ts'

const DEFAULT_LIMIT = 100

/** Convergence as REST shows it: the members that were asked for, and how many more there are. */
export function convergenceView(
  found: Found,
  { members, limit = DEFAULT_LIMIT }: ConvergenceQuery,
): Convergence {
  const { network, epoch, revision, converged } = found
  const asked = found.items.filter(({ progress }) => members === 'all' || progress !== 'applied')
  return {
    network,
    epoch,
    revision,
    converged,
    members: { ...found.members },
    items: asked.slice(0, limit).map(({ progress, reason, ...item }) => ({
      ...item,
      state: progress,
      reason: reason ?? null,
    })),
    more: Math.max(0, asked.length - limit),
  }
}
