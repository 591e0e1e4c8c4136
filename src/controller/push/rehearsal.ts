import type { Event } from '../../model/event.ts'
import type { State } from '../../model/state.ts'
import { type LinkChanges, linkChanges } from '../../topology/policy/link-changes.ts'
import { type Forecast, forecast } from './forecast.ts'

/** What a change would do. */
export interface Rehearsal {
  readonly links: LinkChanges
  readonly push: Forecast
}

/** What would follow if `events` happened in `state`. Nothing is changed. Others may have their turn after each step. */
export function* rehearse(
  state: State,
  events: readonly Event[],
  toolsFor: Parameters<typeof forecast>[2],
): Generator<void, Rehearsal> {
  const links = linkChanges(state, events)
  yield
  return { links, push: yield* forecast(state, events, toolsFor) }
}
