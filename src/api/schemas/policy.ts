import Type from 'typebox'
import { component } from './common.ts'

const SELECTOR = "'*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node"

const selector = (what: string, example: string) =>
  Type.String({
    minLength: 1,
    maxLength: 1_024,
    description: `${what}: ${SELECTOR}.`,
    examples: [example],
    'x-expects': SELECTOR,
  })

/** Most rules of a policy: enough for thousands of groups of their own, and less than a body holds. */
const MOST_RULES = 10_000

const rule = Type.Object(
  {
    from: selector('Who may open flows', 'role=web'),
    to: selector('To whom', 'role=db'),
    protocols: Type.Optional(
      Type.Array(Type.Enum(['tcp', 'udp', 'icmp']), {
        minItems: 1,
        maxItems: 3,
        description:
          'Absent: tcp and udp where there are ports, else everything. icmp is that of both families.',
        examples: [['tcp']],
      }),
    ),
    ports: Type.Optional(
      Type.Array(
        Type.Unsafe<number | string>({
          type: ['integer', 'string'],
          'x-expects': "a port such as 22, or a range such as '8000-8100'",
        }),
        {
          minItems: 1,
          maxItems: 100,
          description: "Ports at 'to', of tcp and udp; absent: all.",
          examples: [[5_432, '8000-8100']],
        },
      ),
    ),
  },
  { additionalProperties: false },
)

const properties = {
  default: Type.Enum(['allow', 'deny'], {
    description:
      'What holds for a direction that no rule speaks of. Where rules speak, only what they say may be opened.',
  }),
  rules: Type.Array(rule, {
    maxItems: MOST_RULES,
    description: 'Who may open what to whom. Two members that may open nothing to each other are no peers.',
    'x-expects': `a list of at most ${MOST_RULES} rules {from, to, protocols?, ports?}`,
  }),
}

const EXAMPLE = {
  default: 'deny',
  rules: [{ from: 'role=web', to: 'role=db', protocols: ['tcp'], ports: [5_432] }],
}

export const NewPolicy = Type.Object(properties, { additionalProperties: false, examples: [EXAMPLE] })
export type NewPolicy = Type.Static<typeof NewPolicy>

export const Policy = component('Policy', 'Who may open what to whom in a network.', properties)
export type Policy = Type.Static<typeof Policy>

const links = (what: string) =>
  Type.Object(
    {
      count: Type.Integer({ minimum: 0, description: 'All of them.' }),
      links: Type.Array(Type.Object({ network: Type.String(), a: Type.String(), b: Type.String() }), {
        description: 'The first 1,000: id of the network, and of the nodes at both ends.',
      }),
    },
    { description: what },
  )

export const LinkChanges = component('LinkChanges', 'What a change would do to links; nothing was changed.', {
  appear: links('Pairs that would become peers.'),
  disappear: links('Pairs that would be peers no longer.'),
  push: Type.Object(
    {
      bytes: Type.Integer({ minimum: 0, description: 'All of it.' }),
      count: Type.Integer({ minimum: 0, description: 'Members that would be sent something.' }),
      members: Type.Array(
        Type.Object({
          network: Type.String(),
          node: Type.String(),
          bytes: Type.Integer({ minimum: 1 }),
        }),
        { description: 'The first 1,000: who would be sent how many bytes of frames.' },
      ),
    },
    {
      description:
        'What agents would be sent that are connected and up to date; endpoints on a LAN of their own come on top.',
    },
  ),
})
export type LinkChanges = Type.Static<typeof LinkChanges>

export const PolicyQuery = Type.Object(
  {
    dryRun: Type.Optional(
      Type.Boolean({ description: 'Change nothing, and answer which links would appear and disappear.' }),
    ),
  },
  { additionalProperties: false },
)
