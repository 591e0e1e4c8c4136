import type { Change } from './history.ts'

/** A change as REST, live events and webhooks tell it: one shape. Revision 0: it is about no network alone. */
export function changeJson(change: Change & { readonly revision?: number }) {
  const { sequence, revision = 0, at, actor, actorName, networks, actions, what, events } = change
  return {
    sequence,
    revision,
    at: new Date(at).toISOString(),
    actor,
    actorName,
    networks: [...networks],
    actions: [...actions],
    what: [...what],
    events,
  }
}
