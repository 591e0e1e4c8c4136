import type { ProjectId } from '../../model/names.ts'
import { parseProjectId } from '../../model/names.ts'
import { type AccessRole, ROLE_PERMISSIONS } from '../../model/permission.ts'
import type { State } from '../../model/state.ts'
import type { Person } from './person.ts'

/** What a person may be, in one project or in all. */
export interface Access {
  readonly role: AccessRole
  /** Absent: in all of them. */
  readonly project?: ProjectId
}

interface AccessRule {
  readonly kind: string
  readonly value: string
  readonly role: AccessRole
  /** Id or name, or `*`. */
  readonly project: string
}

/** Reads `group:ops=operator@acme`; the schema of the settings has seen to its form. The last `=` counts: groups may have some. */
function parseRule(text: string): AccessRule {
  const at = text.lastIndexOf('=')
  const [role = '', project = ''] = text.slice(at + 1).split('@')
  const [kind = '', ...value] = text.slice(0, at).split(':')
  return { kind, value: value.join(':'), role: isRole(role) ? role : 'viewer', project }
}

/**
 * What the rules of the settings give a person: the highest role in each project, all projects first, then in the order of
 * the rules. Rules for projects that are not there give nothing.
 */
export function accessOf(state: State, rules: readonly string[], person: Person): Access[] {
  const found = new Map<ProjectId | undefined, AccessRole>()
  for (const rule of rules.map(parseRule)) {
    if (!isMeant(rule, person)) continue
    const project = rule.project === '*' ? undefined : projectOf(state, rule.project)
    if (rule.project !== '*' && project === undefined) continue
    const before = found.get(project)
    if (before === undefined || ranks(rule.role) > ranks(before)) found.set(project, rule.role)
  }
  const everywhere = found.get(undefined)
  const bound = [...found].flatMap(([project, role]) => (project ? [{ role, project }] : []))
  return everywhere ? [{ role: everywhere }, ...bound] : bound
}

function isMeant({ kind, value }: AccessRule, { subject, email, groups }: Person): boolean {
  switch (kind) {
    case 'anybody':
      return true
    case 'group':
      return groups.includes(value)
    case 'email':
      return email !== undefined && email.toLowerCase() === value.toLowerCase()
    case 'subject':
      return subject === value
    default:
      return false
  }
}

function projectOf({ projects, projectsByName }: State, idOrName: string): ProjectId | undefined {
  const id = parseProjectId(idOrName) ?? projectsByName.get(idOrName)
  return id && projects.get(id)?.id
}

function ranks(role: AccessRole): number {
  return ROLE_PERMISSIONS[role].length
}

function isRole(text: string): text is AccessRole {
  return Object.hasOwn(ROLE_PERMISSIONS, text)
}
