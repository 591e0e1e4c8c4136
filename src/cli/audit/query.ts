import type { Input } from '../../client/api.ts'
import { type EntryFilters, entryQuery } from '../entryfilters.ts'

type Query = NonNullable<Input<'listAudit'>['query']>

/** What of the audit is wanted, as the options say it. */
export interface AuditFilters extends EntryFilters {
  readonly network?: string
  readonly allProjects?: boolean
}

/** The same as REST takes it, and nothing else that is among the options. */
export function auditQuery({ network, allProjects, ...filters }: AuditFilters): Query {
  return { network, ...entryQuery(filters), allProjects }
}
