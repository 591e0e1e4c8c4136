import type { Entry } from '../../log/log.ts'
import type { State } from '../../model/state.ts'

/** An entry with the states around it. */
export interface Step {
  readonly entry: Entry
  readonly before: State
  readonly after: State
}

/** So many of the last entries are kept with their states, for who begins to look late. */
export const RECENT = 256
