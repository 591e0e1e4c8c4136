import Type from 'typebox'
import { EVENT_TYPES } from '../../model/event.ts'
import { instant } from './common.ts'

const action = Type.Enum([...EVENT_TYPES])

/** Filters of a list whose items are entries of the log. */
export const entryFilters = {
  node: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Only what is about this node: id or name.',
      examples: ['web-1'],
    }),
  ),
  actor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'Only what this one did: id, or name of that time.',
      examples: ['billing'],
    }),
  ),
  action: Type.Optional(
    Type.Union([Type.Array(action, { maxItems: 32 }), action], {
      description: 'Only what has one of these. Can be given several times.',
    }),
  ),
  since: Type.Optional(instant('Only what was done then or later.')),
  until: Type.Optional(instant('Only what was done before.')),
}

const EntryQuery = Type.Object(entryFilters)
export type EntryQuery = Type.Static<typeof EntryQuery>
