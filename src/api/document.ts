import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type Type from 'typebox'
import { ERROR_CODES } from '../errors.ts'
import { withExamples } from './docs/examples.ts'
import { ApiToken, ApiTokenList, CreatedApiToken, Whoami } from './schemas/apitoken.ts'
import { ApplyResult } from './schemas/apply.ts'
import { AuditChange, AuditList, AuditRecord } from './schemas/audit.ts'
import type { Component } from './schemas/common.ts'
import { Convergence } from './schemas/convergence.ts'
import { Graph, GraphPatch } from './schemas/graph.ts'
import { Change, ChangeList } from './schemas/history.ts'
import { Link } from './schemas/link.ts'
import { BatchResult, Member, MemberList } from './schemas/member.ts'
import { Network, NetworkList } from './schemas/network.ts'
import { Node, NodeList } from './schemas/node.ts'
import { Operation } from './schemas/operation.ts'
import { Paths } from './schemas/path.ts'
import { LinkChanges, Policy } from './schemas/policy.ts'
import { ErrorCodeInfo, ErrorCodeList, Problem } from './schemas/problem.ts'
import { Grant, GrantList, Project, ProjectList } from './schemas/project.ts'
import { DeviceCode, Session, SignInPending, SignInUrl, SignInWays } from './schemas/signin.ts'
import { CreatedToken, Token, TokenList } from './schemas/token.ts'
import {
  CreatedWebhook,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryList,
  WebhookDetail,
  WebhookList,
} from './schemas/webhook.ts'
import { withSequence } from './sequence.ts'

/** Every schema with a name of its own. */
export const components: readonly Component<Type.TSchema>[] = Object.freeze([
  Problem,
  ErrorCodeInfo,
  ErrorCodeList,
  Project,
  ProjectList,
  Grant,
  GrantList,
  ApiToken,
  ApiTokenList,
  CreatedApiToken,
  Whoami,
  SignInWays,
  SignInUrl,
  DeviceCode,
  SignInPending,
  Session,
  Network,
  NetworkList,
  Member,
  MemberList,
  BatchResult,
  Node,
  NodeList,
  Token,
  TokenList,
  CreatedToken,
  Graph,
  GraphPatch,
  Convergence,
  Change,
  ChangeList,
  AuditChange,
  AuditRecord,
  AuditList,
  Webhook,
  WebhookList,
  WebhookDetail,
  CreatedWebhook,
  WebhookDelivery,
  WebhookDeliveryList,
  Link,
  Paths,
  Policy,
  LinkChanges,
  ApplyResult,
  Operation,
])

/** How the OpenAPI document is made of the routes; what it says about them stands in their schemas. */
export const documentOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Weft',
      version: '1',
      summary: 'Private networks between your machines, over REST.',
      description: [
        'Every list answers `{items, next?}`; give `next` as `cursor` to get the next page.',
        'Every error is RFC 9457 problem details; `code` is for programs, `advice` for people.',
        'Every POST takes an `Idempotency-Key`: repeated with the same key, it is done once; with the same key and another request it is refused. Keys are remembered as long as the log is not compacted beyond them.',
        'An address answers a method that it does not take with status 405, and those that it takes in `Allow`.',
        'What can be changed has an `ETag`; a change with `If-Match` is refused when the object is another by then.',
        'The codes of problems: ' +
          Object.entries(ERROR_CODES)
            .map(([code, meaning]) => `\n- \`${code}\`: ${meaning}`)
            .join(''),
        '`{network}` and `{node}` are ids or names. Names are unique within a project.',
        'Every request acts in one project: that of its token, or, for a global token, the one of `?project=` (else `default`). What belongs to another project is answered as if it did not exist.',
        'Several controllers may serve one log: repeat the `Weft-Sequence` of an answer, and any of them has read as far.',
      ].join('\n\n'),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'projects', description: 'Tenants: each owns networks, nodes and tokens.' },
      { name: 'api-tokens', description: 'What programs show to use this interface.' },
      { name: 'sign-in', description: 'How people get a token of their own, by OpenID Connect.' },
      { name: 'networks', description: 'Private networks: a name, address ranges, a topology.' },
      { name: 'members', description: 'Which nodes are in a network, and where.' },
      { name: 'nodes', description: 'Machines that run an agent.' },
      { name: 'tokens', description: 'Join tokens: what lets a machine in.' },
      { name: 'audit', description: 'Who did what, when, and from where.' },
      {
        name: 'webhooks',
        description:
          'Places outside that are told of changes: signed as https://www.standardwebhooks.com says, at least once, in order.',
      },
      { name: 'operation', description: 'For supervisors and monitoring.' },
    ],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API token, `weft_…`.' },
      },
    },
    security: [{ bearer: [] }],
  },
  transformObject: (made) =>
    'openapiObject' in made ? withExamples(withSequence(made.openapiObject)) : made.swaggerObject,
  refResolver: {
    buildLocalReference: (json) => String(json.$id),
  },
}
