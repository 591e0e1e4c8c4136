import type { NodeId } from '../keys/identity.ts'
import type { Event } from '../model/event.ts'

/** Which entries of the log are wanted. Undefined: whatever it is. */
export interface EntryFilter {
  readonly node?: NodeId | undefined
  /** Id or name. */
  readonly actor?: string | undefined
  readonly actions?: ReadonlySet<string> | undefined
  /** Milliseconds since 1970, of the first and behind the last. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/** Who did it, as far as somebody who looks may know. */
export interface Doer {
  readonly actor: string
  readonly actorName: string
}

export function isOfTime(at: number, { since, until }: EntryFilter): boolean {
  return at >= (since ?? Number.NEGATIVE_INFINITY) && at < (until ?? Number.POSITIVE_INFINITY)
}

/** Whether an entry is wanted for who did it and what. @param events those that may be seen */
export function isWanted(
  events: readonly Event[],
  who: Doer,
  { node, actor, actions }: EntryFilter,
): boolean {
  if (actor !== undefined && actor !== who.actor && actor !== who.actorName) return false
  if (actions && !events.some(({ type }) => actions.has(type))) return false
  return !node || events.some((event) => isAbout(event, node))
}

function isAbout(event: Event, node: NodeId): boolean {
  return ('node' in event && event.node === node) || ('id' in event && event.id === node)
}
