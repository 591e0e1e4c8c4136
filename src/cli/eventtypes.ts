import { InvalidArgumentError } from 'commander'
import { EVENT_TYPES } from '../model/event.ts'

/** An option that names types of events and may be given again. */
export function eventTypes(value: string, before: readonly string[] = []): string[] {
  if (EVENT_TYPES.includes(value)) return [...before, value]
  throw new InvalidArgumentError(`It must be one of ${EVENT_TYPES.join(', ')}.`)
}
