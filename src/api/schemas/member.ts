import Type from 'typebox'
import { component, idOrName, instant, listOf, orNull } from './common.ts'

export const NewMember = Type.Object(
  { node: idOrName('node', 'web-1') },
  { additionalProperties: false, examples: [{ node: 'web-1' }] },
)

/** Most nodes of one batch, each way. */
const MAX_BATCH = 10_000

const nodes = (description: string) =>
  Type.Optional(Type.Array(idOrName('node', 'web-1'), { maxItems: MAX_BATCH, description }))

export const MemberBatch = Type.Object(
  { add: nodes('Nodes that become members.'), remove: nodes('Members that are to leave; they go first.') },
  {
    additionalProperties: false,
    minProperties: 1,
    examples: [{ add: ['web-1', 'web-2'], remove: ['old-1'] }],
  },
)

export const BatchResult = component('BatchResult', 'What a batch changed.', {
  network: Type.String({ description: 'Id of the network.' }),
  revision: Type.Integer({ description: 'Revision of the network after it.' }),
  added: Type.Integer({ minimum: 0, examples: [2] }),
  removed: Type.Integer({ minimum: 0, examples: [1] }),
})
export type BatchResult = Type.Static<typeof BatchResult>

export const Member = component('Member', 'The place of a node in a network.', {
  node: Type.String({ description: 'Id of the node.', examples: ['abcdefghijklmnopqrstuvwxyz'] }),
  name: Type.String({ description: 'Name of the node.', examples: ['web-1'] }),
  ipv4: Type.String({ examples: ['10.64.1.1'] }),
  ipv6: Type.String({ examples: ['fd12:3456:789a:1::1'] }),
  subnetIpv4: Type.String({ description: 'Routed to this member.', examples: ['10.64.1.0/24'] }),
  subnetIpv6: Type.String({ description: 'Routed to this member.', examples: ['fd12:3456:789a:1::/64'] }),
  publicKey: orNull(
    Type.String({ description: 'WireGuard public key, base64; null until the node has offered one.' }),
  ),
  listenPort: orNull(
    Type.Integer({ description: 'UDP port, as the agent reported it.', examples: [51_820] }),
  ),
  state: Type.Enum(['pending', 'applied', 'offline', 'refused'], {
    description: "How far the member's node is with the current revision.",
  }),
  addedAt: instant('When it became a member.'),
})
export type Member = Type.Static<typeof Member>

export const MemberList = listOf('MemberList', Member)
