import Type from 'typebox'
import { component, instant, listQuery, nextPage, orNull, refTo, SPARSE } from './common.ts'
import { entryFilters } from './entries.ts'

const facts = Type.Unsafe<Readonly<Record<string, unknown>> | null>({
  type: ['object', 'null'],
  additionalProperties: true,
  description: 'What may be told of it, never a secret; null: it was not there.',
  examples: [{ name: 'web-1', labels: { role: 'web' } }],
})

export const AuditChange = component('AuditChange', 'One thing that an entry changed.', {
  kind: Type.Enum([
    'controller',
    'project',
    'api-token',
    'join-token',
    'node',
    'network',
    'member',
    'webhook',
    'grant',
  ]),
  id: Type.String({
    description: 'Its id; of a member NETWORK/NODE, of a grant NETWORK/PROJECT.',
    examples: ['net-4tq2b7w3xk5lm6np'],
  }),
  name: orNull(Type.String({ description: 'What it was called; null: it has no name.' })),
  before: facts,
  after: facts,
})

export type AuditChange = Type.Static<typeof AuditChange>

export const AuditRecord = component(
  'AuditRecord',
  'Who did what, when, and from where: one entry of the log.',
  {
    sequence: Type.Integer({ description: 'Number of the log entry.' }),
    hash: Type.String({
      description: 'Of the entry, in the chain of the log (SHA-256, hex).',
      pattern: '^[0-9a-f]{64}$',
    }),
    at: instant('When.'),
    actor: Type.String({
      description: "Id of who did it, 'system', or 'another project'.",
      examples: ['tok-4tq2b7w3xk5lm6np'],
    }),
    actorName: Type.String({ description: 'What the actor was called then.' }),
    origin: Type.Object(
      {
        via: Type.Enum(['rest', 'agent', 'controller', 'unknown', 'hidden'], {
          description:
            "How it was asked for. 'controller': by nobody, it saw to something itself; 'unknown': the entry is older than this field; 'hidden': it is another project's.",
        }),
        address: orNull(
          Type.String({ description: 'Of the other end of the connection.', examples: ['192.0.2.7'] }),
        ),
        requestId: orNull(
          Type.String({
            description:
              "Of the request: the end of a problem's 'instance', and in the controller's own log.",
            examples: ['mfzwizltoq-1'],
          }),
        ),
      },
      { description: 'From where.' },
    ),
    projects: Type.Array(Type.String(), { description: 'Ids of the projects whose things it is about.' }),
    networks: Type.Array(Type.String(), { description: 'Ids of the networks that it is about.' }),
    actions: Type.Array(Type.String(), { description: 'What happened, for programs: each once.' }),
    what: Type.Array(Type.String(), {
      description:
        'What happened, for people: each the end of a sentence that begins with the actor; 20 at most.',
    }),
    events: Type.Integer({ description: 'How many events it was in all.' }),
    complete: Type.Boolean({
      description:
        'Whether before and after are known: false where what led to them was dropped from the log.',
    }),
    changes: Type.Array(refTo(AuditChange), {
      description: 'What it changed, with before and after; 100 at most.',
    }),
    changesOmitted: Type.Integer({ description: 'How many more it changed.' }),
  },
)
export type AuditRecord = Type.Static<typeof AuditRecord>

export const AuditList = component('AuditList', 'One page of the audit, and how far back it can go.', {
  items: Type.Array(refTo(AuditRecord)),
  next: nextPage(SPARSE),
  log: Type.Object(
    {
      first: Type.Integer({ description: 'The first entry that is still in the log.' }),
      completeFrom: Type.Integer({ description: 'From which entry on before and after are known.' }),
      last: Type.Integer({ description: 'The last entry when this was answered.' }),
      lastHash: Type.String({ description: 'Its hash in the chain.' }),
    },
    { description: 'How much of the past the log has: settings `historyDays`.' },
  ),
})
export type AuditList = Type.Static<typeof AuditList>

export const AuditQuery = listQuery(['-sequence'], {
  network: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Only what is about this network: id or name.',
      examples: ['demo'],
    }),
  ),
  ...entryFilters,
  allProjects: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Everything, whatever project it is of; for global tokens.',
    }),
  ),
})
export type AuditQuery = Type.Static<typeof AuditQuery>
