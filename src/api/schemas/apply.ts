import Type from 'typebox'
import { NAME_PATTERN } from '../../model/names.ts'
import { component, idOrName, refTo } from './common.ts'
import { Labels } from './labels.ts'
import { NewNetwork } from './network.ts'
import { Roles } from './node.ts'
import { LinkChanges, NewPolicy } from './policy.ts'

/** Most networks, most nodes, and most members of one network. The size of a body limits all of it together. */
const MOST_OBJECTS = 10_000

const { name: _, ...creation } = NewNetwork.properties

const WantedNetwork = Type.Object(
  {
    ...creation,
    members: Type.Optional(
      Type.Array(idOrName('node', 'web-1'), {
        maxItems: MOST_OBJECTS,
        description: 'Nodes that are to be members. Absent: members are left as they are.',
      }),
    ),
    policy: Type.Optional(
      Type.Object(NewPolicy.properties, {
        additionalProperties: false,
        description: 'The whole policy. Absent: it is left as it is.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'What a network is to be. One that is not there is made; its ranges, topology and custody of keys can never be changed.',
  },
)

const WantedNode = Type.Object(
  {
    labels: Type.Optional(
      Type.Unsafe<Type.Static<typeof Labels>>({
        ...Labels,
        description: 'Labels that it is to have. Absent: they are left as they are.',
      }),
    ),
    roles: Type.Optional(Roles),
  },
  { additionalProperties: false, description: 'What a node is to be. It has joined already.' },
)

const NAMES = '1 to 63 lower-case letters, digits and inner hyphens'
const named = Type.String({ pattern: NAME_PATTERN })

const EXAMPLE = {
  networks: {
    demo: {
      ipv4: '10.9.0.0/16',
      members: ['web-1', 'db-1'],
      policy: { default: 'deny', rules: [{ from: 'role=web', to: 'role=db', ports: [5_432] }] },
    },
  },
  nodes: { 'web-1': { labels: { role: 'web' } }, 'db-1': { labels: { role: 'db' }, roles: ['relay'] } },
}

/** What `weft apply` reads. Its schema is served for editors, so its descriptions are for people. */
export const WantedState = Type.Object(
  {
    networks: Type.Optional(
      Type.Record(named, WantedNetwork, {
        maxProperties: MOST_OBJECTS,
        additionalProperties: false,
        description: `Networks of the project, by name: ${NAMES}.`,
      }),
    ),
    nodes: Type.Optional(
      Type.Record(named, WantedNode, {
        maxProperties: MOST_OBJECTS,
        additionalProperties: false,
        description: `Nodes of the project, by name or id: ${NAMES}.`,
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, examples: [EXAMPLE] },
)

/** The schema as a file of its own, for editors (https://json-schema.org/draft/2020-12). */
export const wantedStateSchema: object = Object.freeze({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Networks and nodes of Weft, as `weft apply` reads them',
  ...WantedState,
})

export const ApplyQuery = Type.Object(
  {
    dryRun: Type.Optional(
      Type.Boolean({ default: false, description: 'Change nothing, and answer what would change.' }),
    ),
    prune: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "Take away what is there and not in the document: networks of the project, members of networks that have 'members', labels of nodes that have 'labels'.",
      }),
    ),
  },
  { additionalProperties: false },
)

const step = Type.Object({
  change: Type.Enum(['add', 'change', 'remove']),
  path: Type.String({
    description: 'Where it stands in the document.',
    examples: ['networks.demo.members.web-1', 'nodes.web-1.labels.role'],
  }),
  before: Type.Optional(Type.String({ description: 'What is there.', examples: ['db'] })),
  after: Type.Optional(Type.String({ description: 'What is wanted.', examples: ['web'] })),
})

export const ApplyResult = component('ApplyResult', 'What a document changed, or would change.', {
  applied: Type.Boolean({ description: 'Whether it is done; false for a dry run.' }),
  changes: Type.Array(step, {
    description: 'In the order in which they are made. Empty: all is as the document says.',
  }),
  kept: Type.Array(step, {
    description: "What is there and not in the document, and stays because 'prune' was not asked for.",
  }),
  links: Type.Optional(refTo(LinkChanges)),
})
export type ApplyResult = Type.Static<typeof ApplyResult>
