import type { Random } from '../keys/random.ts'
import type { Event } from '../model/event.ts'
import type { ControllerSettings } from './settings.ts'

/** Who does what nobody asked for. */
export const SYSTEM = 'system'

/** What a decision may use besides the state: time and chance come from here, so a decider is a pure function. */
export interface Tools {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly random: Random
  readonly settings: ControllerSettings
}

/** What a command wants to happen, and what it answers once that is durable. */
export interface Decision<Result> {
  readonly events: readonly Event[]
  readonly result: Result
}
