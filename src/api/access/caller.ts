import { WeftError } from '../../errors.ts'
import { DEFAULT_PROJECT, type ProjectId, type TokenId } from '../../model/names.ts'
import { type Permission, permissionsOf } from '../../model/permission.ts'
import type { ApiToken, State } from '../../model/state.ts'

/** Who asks, as the state has it at that moment. */
export interface Caller {
  /** As the log has it. */
  readonly id: string
  readonly name: string
  /** The project in which the caller acts when none is named. */
  readonly home: ProjectId
  /** Whether the caller may act in one project only. */
  readonly bound: boolean
  readonly permissions: ReadonlySet<Permission>
}

/** The holder of an API token. Throws `unauthenticated` when it counts no longer. */
export function tokenCaller(state: State, id: TokenId, now: number): Caller {
  const token = state.apiTokens.get(id)
  if (!token || hasExpired(token, now)) throw unknownToken()
  const known = callers.get(token) ?? callerOf(token)
  callers.set(token, known)
  return known
}

/** A token is never changed, only replaced by another. */
const callers = new WeakMap<ApiToken, Caller>()

function callerOf({ id, name, project, role, scopes }: ApiToken): Caller {
  const bound = project !== undefined
  const permissions = permissionsOf({ role, scopes, bound })
  return { id, name, home: project ?? DEFAULT_PROJECT, bound, permissions }
}

/** One answer for every reason, so that nobody can tell an expired token from a wrong one. */
export function unknownToken(): WeftError {
  return new WeftError('unauthenticated', 'The API token is unknown, expired or revoked.', {
    advice: 'Check that it is whole and that it belongs to this controller.',
  })
}

function hasExpired({ expiresAt }: ApiToken, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}
