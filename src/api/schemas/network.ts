import Type from 'typebox'
import { component, instant, listOf, Name } from './common.ts'

const topology = Type.Enum(['mesh', 'hub', 'sites'], {
  description:
    "Who is whose peer. 'mesh': all pairs. 'hub': members and the hubs among them. 'sites': all within a site, and gateways between the sites.",
})
const keyCustody = Type.Enum(['controller', 'node'], {
  description:
    'Who makes the WireGuard keys of members: the controller (sealed to the node at once), or each node.',
})

export const NewNetwork = Type.Object(
  {
    name: Name,
    ipv4: Type.Optional(
      Type.String({
        maxLength: 18,
        description: 'IPv4 range. Absent: the next free /16 of the pool.',
        examples: ['10.64.0.0/16'],
      }),
    ),
    ipv6: Type.Optional(
      Type.String({
        maxLength: 43,
        description: 'Unique local /48 (RFC 4193). Absent: a random one.',
        examples: ['fd12:3456:789a::/48'],
      }),
    ),
    nodePrefixLength: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 32,
        default: 24,
        description: "Prefix length of each member's IPv4 subnet; with 32 a member has an address only.",
      }),
    ),
    topology: Type.Optional(topology),
    keyCustody: Type.Optional(keyCustody),
  },
  { additionalProperties: false, examples: [{ name: 'demo' }, { name: 'lab', ipv4: '10.9.0.0/16' }] },
)

export const Network = component('Network', 'A private network.', {
  id: Type.String({ examples: ['net-4tq2b7w3xk5lm6np'] }),
  name: Type.String({ examples: ['demo'] }),
  project: Type.String({
    description: 'Id of the project that owns it.',
    examples: ['prj-4tq2b7w3xk5lm6np'],
  }),
  ipv4: Type.String({ examples: ['10.64.0.0/16'] }),
  ipv6: Type.String({ examples: ['fd12:3456:789a::/48'] }),
  nodePrefixLength: Type.Integer({ examples: [24] }),
  topology: Type.Enum([...topology.enum, 'transit'], {
    description:
      "As it was made; 'transit' is the network that relayed links travel in, and is not to be made.",
  }),
  keyCustody,
  epoch: Type.Integer({ description: 'Changes when the log was restored.', examples: [1] }),
  revision: Type.Integer({ description: '+1 at each change that members have to know.', examples: [3] }),
  createdAt: instant('When it was made.'),
})
export type Network = Type.Static<typeof Network>

export const NetworkList = listOf('NetworkList', Network)
