import { shortDigest } from './digest.ts'
import type { ControllerFrameOf, Hint } from './frames.ts'

/**
 * What an agent is told of its LAN: first the whole of it, then what is new (`part`). Nothing is counted: a part that is lost
 * or late is made good as hints are, for the digest of what the agent has is compared whenever it comes back, and every hour.
 */
export type LanContent = Pick<ControllerFrameOf<'lan'>, 'hints' | 'own'>

/**
 * By which both ends see whether an agent has what there is on its LAN; undefined when that is nothing.
 * @param others how many members are on it beside the agent's, and the digest of their hints as a set (hints.ts)
 */
export function lanDigest(
  others: { readonly size: number; readonly digest: () => string },
  own: Hint | undefined,
): string | undefined {
  if (own) return shortDigest(JSON.stringify([others.digest(), own]))
  return others.size > 0 ? others.digest() : undefined
}

/** The same as agents work it out that do not read parts; the order of the hints is that of their frame. */
export function wholeLanDigest({ hints, own }: LanContent): string | undefined {
  if (hints.length === 0 && !own) return undefined
  return shortDigest(JSON.stringify(own ? [hints, own] : hints))
}
