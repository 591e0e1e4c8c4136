/**
 * What a token or a person may be allowed to do, each in words for people. Closed: every REST route needs one of these, and
 * `READ` and the roles below say who has them.
 */
export const PERMISSIONS = Object.freeze({
  'networks:read': 'see networks, their members, graphs and policies',
  'networks:write': 'make, change and delete networks and their policies',
  'members:write': 'add nodes to networks and remove them',
  'nodes:read': 'see nodes',
  'nodes:write': 'change nodes, give them roles other than relay, and remove them',
  'tokens:read': 'see join tokens, not their secrets',
  'tokens:write': 'make and revoke join tokens',
  'grants:read': 'see with whom networks are shared',
  'grants:write': 'share networks with other projects',
  'api-tokens:read': 'see API tokens, not their secrets',
  'api-tokens:write': 'make and revoke API tokens',
  'projects:read': 'see projects',
  'projects:write': 'make and delete projects',
  'relays:write': 'make nodes relays for all projects',
  'webhooks:read': 'see webhooks and their deliveries, not their secrets',
  'webhooks:write': 'make, change, test and delete webhooks',
  'audit:read': 'see who did what, and from where',
  'metrics:read': 'read the metrics of the controller',
} as const)

export type Permission = keyof typeof PERMISSIONS

export type AccessRole = 'admin' | 'operator' | 'viewer'

/** Concern all projects at once: only who is not bound to a project can have them. */
const OF_ALL_PROJECTS: ReadonlySet<Permission> = new Set(['projects:write', 'relays:write', 'metrics:read'])

const VIEWER: readonly Permission[] = [
  'networks:read',
  'nodes:read',
  'tokens:read',
  'grants:read',
  'projects:read',
  'metrics:read',
]

const OPERATOR: readonly Permission[] = [
  ...VIEWER,
  'networks:write',
  'members:write',
  'nodes:write',
  'tokens:write',
  'relays:write',
]

const ADMIN: readonly Permission[] = [
  ...OPERATOR,
  'grants:write',
  'api-tokens:read',
  'api-tokens:write',
  'projects:write',
  'audit:read',
  'webhooks:read',
  'webhooks:write',
]

/** `viewer` sees, `operator` also changes networks and nodes, `admin` also decides who may. */
export const ROLE_PERMISSIONS: Readonly<Record<AccessRole, readonly Permission[]>> = Object.freeze({
  viewer: VIEWER,
  operator: OPERATOR,
  admin: ADMIN,
})

export interface Right {
  readonly role: AccessRole
  /** Narrows the role to these, when given. */
  readonly scopes?: readonly Permission[] | undefined
  /** Whether it counts in one project only. */
  readonly bound: boolean
}

/** Everything that a right allows. */
export function permissionsOf({ role, scopes, bound }: Right): ReadonlySet<Permission> {
  const wanted = ROLE_PERMISSIONS[role].filter((one) => !(bound && OF_ALL_PROJECTS.has(one)))
  return new Set(scopes ? wanted.filter((one) => scopes.includes(one)) : wanted)
}
