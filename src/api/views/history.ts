import { changeJson } from '../../controller/graph/change-json.ts'
import type { Change as ChangeState } from '../../controller/graph/history.ts'
import type { Change } from '../schemas/history.ts'

/** A change as REST and live events show it. */
export function changeView(change: ChangeState & { readonly revision?: number }): Change {
  return changeJson(change)
}
