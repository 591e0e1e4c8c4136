import { permissionsOf } from '../../model/permission.ts'
import type { ApiToken as ApiTokenState } from '../../model/state.ts'
import type { ApiToken } from '../schemas/apitoken.ts'
import { instantText } from './instant.ts'

/** An API token as REST shows it: neither its secret nor the hash of it. */
export function apiTokenView({
  id,
  name,
  project,
  role,
  scopes,
  person,
  expiresAt,
  createdAt,
}: ApiTokenState): ApiToken {
  return {
    id,
    name,
    project: project ?? null,
    role,
    permissions: [...permissionsOf({ role, scopes, bound: project !== undefined })].toSorted(),
    person: person ?? null,
    expiresAt: expiresAt === undefined ? null : instantText(expiresAt),
    createdAt: instantText(createdAt),
  }
}
