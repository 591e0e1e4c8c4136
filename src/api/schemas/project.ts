import Type from 'typebox'
import { component, instant, listOf, Name } from './common.ts'

export const NewProject = Type.Object(
  { name: Name },
  { additionalProperties: false, examples: [{ name: 'acme' }] },
)

export const Project = component('Project', 'A tenant: it owns networks, nodes and tokens.', {
  id: Type.String({ examples: ['prj-4tq2b7w3xk5lm6np'] }),
  name: Type.String({ examples: ['acme'] }),
  createdAt: instant('When it was made.'),
})
export type Project = Type.Static<typeof Project>

export const ProjectList = listOf('ProjectList', Project)

export const Grant = component('Grant', 'That nodes of another project may be members of a network.', {
  network: Type.String({ description: 'Id of the network.', examples: ['net-4tq2b7w3xk5lm6np'] }),
  project: Type.String({ description: 'Id of the other project.', examples: ['prj-4tq2b7w3xk5lm6np'] }),
})
export type Grant = Type.Static<typeof Grant>

export const GrantList = listOf('GrantList', Grant)
