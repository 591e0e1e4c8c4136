import type { Project as ProjectState } from '../../model/state.ts'
import type { Project } from '../schemas/project.ts'
import { instantText } from './instant.ts'

/** A project as REST shows it. */
export function projectView({ id, name, createdAt }: ProjectState): Project {
  return { id, name, createdAt: instantText(createdAt) }
}
