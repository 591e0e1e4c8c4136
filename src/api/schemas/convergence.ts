import Type from 'typebox'
import { component, DEFAULT_PAGE, listQuery, MAX_PAGE, nextPage, orNull } from './common.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })

const memberConvergence = Type.Object({
  node: Type.String({ description: 'Id of the node.' }),
  name: Type.String(),
  state: Type.Enum(['applied', 'delivered', 'undelivered', 'refused', 'offline'], {
    description:
      'applied: it has the latest. delivered: the latest is on its way. undelivered: it is worked out, or its connection takes no more. refused: it could not apply it. offline: its agent is not connected.',
  }),
  desiredRevision: count('The last revision in which something changed for it.'),
  deliveredRevision: count('What was put into its connection; 0 while there is none.'),
  appliedRevision: count('What it said it has; 0 while unknown.'),
  handshaking: Type.Boolean({ description: 'Whether it has a live handshake with any of its peers.' }),
  reason: orNull(Type.String({ description: 'Why it lags; null if it does not.' })),
})

export const Convergence = component(
  'Convergence',
  'How far the members of a network have taken over its latest revision. A member whose agent is away blocks nothing.',
  {
    network: Type.String({ description: 'Id of the network.' }),
    epoch: Type.Integer({ description: 'Changes when the log was restored.' }),
    revision: Type.Integer({ description: 'The latest.' }),
    converged: Type.Boolean({
      description: 'Whether every member whose agent is connected has applied what it should have.',
    }),
    members: Type.Object({
      total: count('Members.'),
      online: count('Whose agent is connected.'),
      delivered: count('To whose connection the latest was given.'),
      applied: count('That said they have it.'),
      handshaking: count('With a live handshake with any of their peers.'),
    }),
    items: Type.Array(memberConvergence, { description: 'One page of the members that were asked for.' }),
    next: nextPage(),
    more: count('Members that were asked for and come on later pages.'),
  },
)
export type Convergence = Type.Static<typeof Convergence>

const { limit: _, ...listed } = listQuery(['name'], {
  members: Type.Optional(
    Type.Enum(['lagging', 'all'], {
      default: 'lagging',
      description: 'Which members to list: those that have not applied the latest, or all.',
    }),
  ),
}).properties

export const ConvergenceQuery = Type.Object(
  {
    ...listed,
    limit: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_PAGE,
        default: DEFAULT_PAGE,
        description: 'Most members to list; 0: counts are enough.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ConvergenceQuery = Type.Static<typeof ConvergenceQuery>
