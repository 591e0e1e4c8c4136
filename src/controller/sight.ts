import type { Event } from '../model/event.ts'
import { type ProjectId, parseProjectId } from '../model/names.ts'
import type { Permission } from '../model/permission.ts'
import type { Namer } from './graph/describe.ts'
import { OTHERS } from './naming.ts'
import { SYSTEM } from './tools.ts'

/** Who looks at entries of the log, and from where: by the time line, the audit, live events or a webhook. */
export interface Viewer {
  /** Undefined: at everything. */
  readonly project: ProjectId | undefined
  /** Whether it may know of that project only. */
  readonly bound: boolean
  /** What it may see of it. Absent: whatever there is. */
  readonly permissions?: ReadonlySet<Permission>
}

/** What has to be permitted to whoever is told of it: what shows the thing itself. */
const NEEDED: Readonly<Record<Event['type'], Permission>> = Object.freeze({
  'controller-initialised': 'networks:read',
  'epoch-raised': 'networks:read',
  'project-created': 'projects:read',
  'project-deleted': 'projects:read',
  'api-token-created': 'api-tokens:read',
  'api-token-revoked': 'api-tokens:read',
  'join-token-created': 'tokens:read',
  'join-token-revoked': 'tokens:read',
  'join-token-used': 'tokens:read',
  'node-enrolled': 'nodes:read',
  'node-roles-set': 'nodes:read',
  'node-labels-set': 'nodes:read',
  'node-removed': 'nodes:read',
  'network-created': 'networks:read',
  'network-deleted': 'networks:read',
  'network-shared': 'grants:read',
  'network-unshared': 'grants:read',
  'network-policy-set': 'networks:read',
  'member-added': 'networks:read',
  'member-key-certified': 'networks:read',
  'member-removed': 'networks:read',
  'tombstones-cleared': 'networks:read',
  'webhook-created': 'webhooks:read',
  'webhook-changed': 'webhooks:read',
  'webhook-disabled': 'webhooks:read',
  'webhook-deleted': 'webhooks:read',
})

/**
 * Whether an event is for the eyes of a viewer. What is of no project is told to those who may act in all of them.
 * @param owners the projects whose it is
 */
export function isSeen({ type }: Event, owners: Iterable<ProjectId>, viewer: Viewer): boolean {
  const { project, bound, permissions } = viewer
  if (permissions && !permissions.has(NEEDED[type])) return false
  if (project === undefined) return true
  const all = [...owners]
  return all.includes(project) || (all.length === 0 && !bound)
}

/**
 * Who did it, as the viewer may know it: who is of another project, or of all of them, is not named.
 * @param homes the projects of the actor
 */
export function actorSeen(actor: string, homes: Iterable<ProjectId>, { project, bound }: Viewer): string {
  if (!bound || actor === SYSTEM) return actor
  return [...homes].some((home) => home === project) ? actor : OTHERS
}

/** What things are called in front of the viewer: the names of other projects are theirs. */
export function namerFor({ project, bound }: Viewer, nameOf: Namer): Namer {
  return (id) => (bound && id !== project && parseProjectId(id) ? id : nameOf(id))
}
