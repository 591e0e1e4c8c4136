import type { Change as ChangeState } from '../../controller/graph/history.ts'
import type { Change } from '../schemas/history.ts'
import { instantText } from './instant.ts'

/** A change as REST and live events show it. */
export function changeView(change: ChangeState & { readonly revision?: number }): Change {
  const { sequence, revision = 0, at, actor, actorName, networks, what, events } = change
  return {
    sequence,
    revision,
    at: instantText(at),
    actor,
    actorName,
    networks: [...networks],
    what: [...what],
    events,
  }
}
