import Type from 'typebox'
import { component, instant, listOf, orNull } from './common.ts'
import { LabelChanges } from './labels.ts'

/** What a node does for others. A node has each role once at most. */
export const Roles = Type.Array(Type.Enum(['relay', 'hub', 'gateway']), {
  maxItems: 3,
  uniqueItems: true,
  description:
    "'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'.",
  'x-expects': 'a list of relay, hub and gateway, each once at most; an empty one takes all roles away',
})

export const NewRoles = Type.Object(
  { roles: Roles },
  { additionalProperties: false, examples: [{ roles: ['relay'] }] },
)

export const NodePatch = Type.Object(
  { labels: LabelChanges },
  { additionalProperties: false, examples: [{ labels: { role: 'web', rack: null } }] },
)

export const Node = component('Node', 'A machine that runs an agent.', {
  id: Type.String({
    description: 'Follows from the key of the node.',
    examples: ['abcdefghijklmnopqrstuvwxyz'],
  }),
  name: Type.String({ examples: ['web-1'] }),
  online: Type.Boolean({ description: 'Whether its agent is connected now.' }),
  roles: Roles,
  labels: Type.Record(Type.String(), Type.String(), { examples: [{ rack: 'a1' }] }),
  enrolledAt: instant('When it joined.'),
  lastSeenAt: orNull(instant('When its agent was last heard; null if not since the controller started.')),
})
export type Node = Type.Static<typeof Node>

export const NodeList = listOf('NodeList', Node)
