import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { State } from '../../model/state.ts'

/** The events of several decisions, each made on the state that those before it make; together they are one change. */
export function inTurn(
  state: State,
  deciders: Iterable<(then: State) => { readonly events: readonly Event[] }>,
): Event[] {
  const all: Event[] = []
  let then = state
  for (const decide of deciders) {
    const { events } = decide(then)
    then = events.reduce(apply, then)
    all.push(...events)
  }
  return all
}
