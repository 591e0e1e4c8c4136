import type { EntryFilter } from '../controller/entry-filter.ts'
import { findNode } from '../controller/lookup.ts'
import { WeftError } from '../errors.ts'
import { parseNodeId } from '../keys/identity.ts'
import type { State } from '../model/state.ts'
import type { Scope } from './access/scope.ts'
import type { EntryQuery } from './schemas/entries.ts'

/** Which entries of the log a query wants. What is gone has no name any more, but its id goes on standing in the log. */
export function entryFilter(state: State, { project }: Scope, query: EntryQuery): EntryFilter {
  const { node, actor, action, since, until } = query
  return {
    node: node === undefined ? undefined : (parseNodeId(node) ?? findNode(state, project, node).id),
    actor,
    actions: action === undefined ? undefined : new Set([action].flat()),
    since: timeIn('since', since),
    until: timeIn('until', until),
  }
}

function timeIn(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isFinite(time)) return time
  throw new WeftError('invalid-input', 'There is no such time.', {
    field,
    advice: 'Give it as in 2026-01-31T09:30:00Z.',
  })
}

/** The entry that a cursor of such a list stands for. Throws `invalid-input` for one that is none. */
export function entryCursor(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new WeftError('invalid-input', 'The cursor is not one that this list answered.', {
    field: 'cursor',
    advice: "Give the 'next' of the page before as it is, or leave cursor out.",
  })
}
