import Type from 'typebox'
import { component, idOrName, orNull } from './common.ts'

const KINDS = ['lan', 'direct', 'punched', 'relayed'] as const

const kind = Type.Enum([...KINDS], { description: 'Best first: lan, direct, punched, relayed.' })

export const PathOrNone = Type.Enum([...KINDS, 'none'], {
  description:
    'How packets travel: within a LAN, to an address that anybody can reach, through holes in both address translations, through a relay that cannot read them, or not at all.',
})

export const Via = orNull(
  Type.String({
    description: "Id of the relay; null for paths other than 'relayed', and while it is unknown.",
  }),
)

export const PathsQuery = Type.Object(
  { from: idOrName('node at one end', 'web-1'), to: idOrName('node at the other end', 'db-1') },
  { additionalProperties: false },
)

const candidate = Type.Object({
  kind,
  endpoint: orNull(
    Type.String({
      description: 'Where to send; null: the other end has to begin.',
      examples: ['192.0.2.7:51820'],
    }),
  ),
  via: Via,
  keepalive: Type.Integer({
    description: 'Seconds between packets that keep the way open; 0: none are needed.',
  }),
  mtu: Type.Integer({ description: 'Of packets inside the tunnel, in bytes.', examples: [1_420] }),
})

const direction = Type.Object({
  from: Type.String({ description: 'Id of the node that sends.' }),
  to: Type.String({ description: 'Id of the node that receives.' }),
  opens: Type.String({
    description: "What the policy lets 'from' open to 'to'; replies are always let in.",
    examples: ['everything', 'nothing', 'tcp 22, 8000-8100; icmp'],
  }),
  inUse: Type.Object({ kind: PathOrNone, via: Via }, { description: "'none' while no handshake is fresh." }),
  candidates: Type.Array(candidate, { description: 'What is tried, best first.' }),
  rejected: Type.Array(Type.Object({ kind, reason: Type.String() }), {
    description: 'Why a kind of path is not among the candidates, or not the first of them.',
  }),
})

export const Paths = component('Paths', 'Every way between two members, which one is taken, and why.', {
  from: Type.String({ description: 'Id of the node at one end.' }),
  to: Type.String({ description: 'Id of the node at the other end.' }),
  sentences: Type.Array(Type.String(), {
    description:
      'For people: first one for each direction that says what is, then why it is not better, then what else is to be known, such as what does not fit together.',
  }),
  advice: Type.Array(Type.String(), { description: 'What to do about it; empty when all is well.' }),
  directions: Type.Array(direction, { description: 'There and back.' }),
})
export type Paths = Type.Static<typeof Paths>
