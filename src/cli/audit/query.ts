import type { Input } from '../../client/api.ts'

type Query = NonNullable<Input<'listAudit'>['query']>
type AuditAction = Extract<Query['action'], string>

/** What of the audit is wanted, as the options say it. */
export interface AuditFilters {
  readonly network?: string
  readonly node?: string
  readonly actor?: string
  readonly action?: readonly AuditAction[]
  readonly since?: string
  readonly until?: string
  readonly allProjects?: boolean
}

/** The same as REST takes it, and nothing else that is among the options. */
export function auditQuery(filters: AuditFilters): Query {
  const { network, node, actor, action, since, until, allProjects } = filters
  return { network, node, actor, action, since, until, allProjects }
}
