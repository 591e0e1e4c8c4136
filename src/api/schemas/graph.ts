import Type from 'typebox'
import { component, orNull } from './common.ts'
import { Roles } from './node.ts'
import { PathOrNone, Via } from './path.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })

const graphNode = Type.Object({
  id: Type.String(),
  name: Type.String(),
  online: Type.Boolean(),
  roles: Roles,
  ipv4: Type.String(),
  ipv6: Type.String(),
  desiredRevision: Type.Integer({ description: 'What the node should have.' }),
  appliedRevision: count('What it has; 0 while unknown.'),
})

const graphLink = Type.Object({
  a: Type.String({ description: 'Id of the node at one end.' }),
  b: Type.String({ description: 'Id of the node at the other end.' }),
  path: PathOrNone,
  via: Via,
  reason: Type.String({ description: 'Why they travel so, and what would make it better.' }),
  state: Type.Enum(['pending', 'up', 'stale', 'down']),
  handshakeAgeSeconds: orNull(count('Since the last handshake; null if there was none.')),
  rxBytes: count('Received at a from b.'),
  txBytes: count('Sent from a to b.'),
})

export const Graph = component('Graph', 'Who reaches whom in a network.', {
  network: Type.String({ description: 'Id of the network.' }),
  epoch: Type.Integer(),
  revision: Type.Integer(),
  nodes: Type.Array(graphNode),
  links: Type.Array(graphLink),
})
export type Graph = Type.Static<typeof Graph>
