import Type from 'typebox'
import { component, orNull } from './common.ts'
import { Roles } from './node.ts'
import { PathOrNone, Via } from './path.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const name = (description: string) => Type.String({ maxLength: 128, description })

export const graphNode = Type.Object({
  id: Type.String(),
  name: Type.String(),
  online: Type.Boolean(),
  state: Type.Enum(['pending', 'applied', 'offline', 'refused'], {
    description: 'How far it is with the current revision.',
  }),
  roles: Roles,
  labels: Type.Record(Type.String(), Type.String()),
  ipv4: Type.String(),
  ipv6: Type.String(),
  desiredRevision: Type.Integer({ description: 'What the node should have.' }),
  appliedRevision: count('What it has; 0 while unknown.'),
  problems: Type.Array(Type.String(), {
    description:
      'What was reported of it and cannot be, or was refused: left out, and said here in sentences.',
  }),
})

export const linkFields = {
  path: PathOrNone,
  via: Via,
  reason: Type.String({
    description: 'Why they travel so, and what would make it better. Empty in a brief answer.',
  }),
  state: Type.Enum(['pending', 'up', 'stale', 'down']),
  handshakeAgeSeconds: orNull(count('Since the last handshake; null if there was none.')),
  rxBytes: count('Received at a from b.'),
  txBytes: count('Sent from a to b.'),
}

const graphLink = Type.Object({
  a: Type.String({ description: 'Id of the node at one end.' }),
  b: Type.String({ description: 'Id of the node at the other end.' }),
  ...linkFields,
})

const counts = {
  links: count('All of them.'),
  up: count('With a handshake that is fresh.'),
  stale: count('With a handshake that is too old.'),
  down: count('Without a handshake, though there should be one.'),
  pending: count('Without a handshake yet.'),
  lan: count('Of those that are up.'),
  direct: count('Of those that are up.'),
  punched: count('Of those that are up.'),
  relayed: count('Of those that are up.'),
  rxBytes: count('Received at a from b.'),
  txBytes: count('Sent from a to b.'),
}

const heads = {
  all: count('All.'),
  online: count('Whose agents are connected.'),
  applied: count('That have the current revision.'),
  refused: count('That could not apply it.'),
}

export const Graph = component('Graph', 'Who reaches whom in a network.', {
  network: Type.String({ description: 'Id of the network.' }),
  epoch: Type.Integer(),
  revision: Type.Integer(),
  sequence: count('Last log entry in this picture; events after it are not.'),
  observed: Type.Boolean({
    description: 'False for a picture of the past: nothing that was observed is kept.',
  }),
  nodes: Type.Array(graphNode),
  links: Type.Array(graphLink),
  members: Type.Object(heads, { description: 'All members, also if they are not in the list.' }),
  counts: Type.Object(counts, { description: 'All links, also those that are not in the list.' }),
  omitted: count('Links that were asked for and are not in the list, because it would be too long.'),
  between: Type.Array(
    Type.Object(
      { a: Type.String(), b: Type.String(), ...counts },
      { description: 'Two values of the label.' },
    ),
    { description: "With 'by': the links within and between groups, counted." },
  ),
  groups: Type.Array(
    Type.Object(
      { name: Type.String({ description: 'The value of the label; empty without it.' }), ...heads },
      { description: 'Members with one value of the label.' },
    ),
    { description: "With 'by': all groups, also those whose members are not listed." },
  ),
  apart: Type.Array(
    Type.Object(
      {
        a: Type.String(),
        b: Type.String(),
        why: Type.Enum(['forbidden', 'carried'], {
          description: 'The policy forbids it, or hubs and gateways carry what they say.',
        }),
      },
      { description: 'Two members that are no peers.' },
    ),
    { description: "With 'apart': pairs that no link joins, of at most 400 members; the first 5,000." },
  ),
})
export type Graph = Type.Static<typeof Graph>

export const GRAPH_FORMATS = ['json', 'dot', 'mermaid', 'graphml'] as const

export const GraphQuery = Type.Object(
  {
    revision: Type.Optional(
      Type.Integer({ minimum: 1, description: 'As it was at this revision. Absent: as it is now.' }),
    ),
    format: Type.Optional(
      Type.Enum([...GRAPH_FORMATS], {
        description: "What to answer with; it goes before 'Accept'.",
        default: 'json',
      }),
    ),
    links: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 50_000,
        default: 20_000,
        description: 'Most links in the list: what does not work first, then what is relayed or busy.',
      }),
    ),
    node: Type.Optional(name('Id or name of a member: only its links are listed.')),
    by: Type.Optional(name("Name of a label to group by, for instance 'site'.")),
    within: Type.Optional(
      Type.Union([Type.Array(name('A group.'), { maxItems: 500 }), name('A group.')], {
        description: 'With by: only members of these groups, and links between them, are listed.',
      }),
    ),
    members: Type.Optional(
      Type.Boolean({ default: true, description: 'False: members are counted, and not listed.' }),
    ),
    apart: Type.Optional(
      Type.Boolean({ default: false, description: 'Also tell the pairs that no link joins, and why.' }),
    ),
    brief: Type.Optional(Type.Boolean({ default: false, description: 'Without the reasons of links.' })),
  },
  { additionalProperties: false },
)
export type GraphQuery = Type.Static<typeof GraphQuery>

export const GraphPatch = component('GraphPatch', 'What changed on the graph of a network.', {
  network: Type.String({ description: 'Id of the network.' }),
  revision: Type.Integer(),
  nodes: Type.Array(graphNode, { description: 'As they are now.' }),
  gone: Type.Array(Type.String(), { description: 'Ids of members that left.' }),
  links: Type.Array(graphLink, { description: 'As they are now, without reasons.' }),
  more: Type.Boolean({ description: 'Whether more changed than stands here: ask for the graph again.' }),
})
export type GraphPatch = Type.Static<typeof GraphPatch>
