import type { Doc, DocMedia, DocOperation, DocParameter, DocSchema } from './document.ts'
import { nameOfRef, readDocument } from './document.ts'
import { withHeaders } from './headers.ts'
import { PROBLEM_EXAMPLES, problemExample } from './problems.ts'

/**
 * The document with an example of every parameter, request and answer. They are put together of the examples that schemas
 * have; what goes by the same name everywhere has its example here. Headers of answers are told here too.
 */
export function withExamples(made: object): object {
  const document = withHeaders(readDocument(made))
  const paths = mapValues(document.paths, (methods) =>
    mapValues(methods, (operation) => illustrated(document, operation)),
  )
  const components = { ...document.components, examples: PROBLEM_EXAMPLES }
  return { ...document, paths, components }
}

/** What could stand for a schema; undefined when nothing is known of it. @param name of the field or parameter that holds it */
export function exampleOf(document: Doc, schema: DocSchema, name = ''): unknown {
  const { $ref, examples, enum: choices, anyOf, type } = schema
  if ($ref !== undefined) return exampleOf(document, document.components.schemas[nameOfRef($ref)] ?? {}, name)
  if (examples) return examples[0]
  if (schema.default !== undefined) return schema.default
  if (schema.const !== undefined) return schema.const
  if (Object.hasOwn(BY_NAME, name) && isOfType(BY_NAME[name], schema)) return BY_NAME[name]
  if (choices) return choices[0]
  if (anyOf?.[0]) return exampleOf(document, anyOf[0], name)
  return byType(document, typeof type === 'string' ? type : type?.[0], schema, name)
}

function byType(document: Doc, type: string | undefined, schema: DocSchema, name: string): unknown {
  switch (type) {
    case 'object':
      return objectExample(document, schema)
    case 'array':
      return schema.items ? listExample(document, schema.items, name) : []
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'null':
      return null
    default:
      return undefined
  }
}

/** The same name may stand for a thing and for the count of them. */
function isOfType(value: unknown, { type, anyOf, enum: choices }: DocSchema): boolean {
  if (choices) return choices.includes(value)
  if (anyOf) return anyOf.some((one) => isOfType(value, one))
  const types = [type ?? []].flat()
  if (value === null) return types.includes('null')
  return types.includes(typeof value) || (typeof value === 'number' && types.includes('integer'))
}

/** Schemas of records have no properties: their own examples, or one label. */
function objectExample(document: Doc, { properties }: DocSchema): unknown {
  if (!properties) return { rack: 'a1' }
  return Object.fromEntries(
    Object.entries(properties).map(([key, part]) => [key, exampleOf(document, part, key)]),
  )
}

function listExample(document: Doc, items: DocSchema, name: string): unknown[] {
  const one = exampleOf(document, items, name.replace(/s$/, ''))
  return one === undefined ? [] : [one]
}

function illustrated(document: Doc, operation: DocOperation): DocOperation {
  const { parameters, requestBody, responses } = operation
  return {
    ...operation,
    ...(parameters && { parameters: parameters.map((one) => illustratedParameter(document, one)) }),
    ...(requestBody && {
      requestBody: { ...requestBody, content: illustratedContent(document, requestBody.content) },
    }),
    responses: mapValues(responses, ({ content, ...answer }, status) => ({
      ...answer,
      ...(content && {
        content:
          Number(status) < 400 ? illustratedContent(document, content) : problemContent(content, status),
      }),
    })),
  }
}

function illustratedParameter(document: Doc, parameter: DocParameter): DocParameter {
  if (parameter.example !== undefined || parameter.schema.examples) return parameter
  return { ...parameter, example: exampleOf(document, parameter.schema, parameter.name) }
}

function illustratedContent(document: Doc, content: Readonly<Record<string, DocMedia>>) {
  return mapValues(content, (media, type) => {
    if (media.example !== undefined || media.examples) return media
    return { ...media, example: TEXTS[type] ?? exampleOf(document, media.schema) }
  })
}

function problemContent(content: Readonly<Record<string, DocMedia>>, status: string) {
  return mapValues(content, (media) => ({ ...media, examples: problemExample(status) }))
}

function mapValues<Value, Made>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Made,
): Record<string, Made> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}

const NETWORK = 'net-4tq2b7w3xk5lm6np'
const NODE = 'abcdefghijklmnopqrstuvwxyz'
const OTHER_NODE = 'bcdefghijklmnopqrstuvwxyza'
const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

/** Fields and parameters that are alike wherever they stand. */
const BY_NAME: Readonly<Record<string, unknown>> = Object.freeze({
  id: NODE,
  network: NETWORK,
  name: 'web-1',
  node: NODE,
  a: NODE,
  b: OTHER_NODE,
  from: NODE,
  to: OTHER_NODE,
  gone: OTHER_NODE,
  via: null,
  project: 'prj-4tq2b7w3xk5lm6np',
  actor: 'tok-4tq2b7w3xk5lm6np',
  actorName: 'billing',
  label: 'role=web',
  by: 'site',
  within: 'berlin',
  ipv4: '10.64.1.1',
  ipv6: 'fd12:3456:789a:1::1',
  endpoint: '192.0.2.7:51820',
  publicKey: 'jNQXSPdHnRoP1yMb0Xn4p6nGkF6n3T5rJ3qH4dLwq2M=',
  keyFingerprint: 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ',
  refused: null,
  cursor: 'WzEsImRlbW8iXQ',
  next: 'WzEsImRlbW8iXQ',
  confirm: 'demo',
  token: 'weft_mT0bX1nH2sYqJ4cV5gR6dK7wZ8pL9aQ0eU1iO2tF3yN',
  hash: HASH,
  lastHash: HASH,
  action: 'member-added',
  sequence: 1_042,
  first: 1,
  completeFrom: 1,
  last: 1_042,
  epoch: 1,
  revision: 3,
  desiredRevision: 3,
  deliveredRevision: 3,
  appliedRevision: 3,
  handshakeAgeSeconds: 12,
  rxBytes: 48_120,
  txBytes: 51_664,
  keepalive: 25,
  stepSeconds: 10,
  ttlSeconds: 3_600,
  state: 'applied',
  path: 'direct',
  all: 3,
  total: 3,
  online: 3,
  applied: 3,
  delivered: 3,
  handshaking: 3,
  links: 3,
  up: 3,
  direct: 3,
  count: 1,
  reason: '',
  advice: 'Open UDP port 51820 to web-1, and they need no relay.',
  what: 'added member web-1',
  sentence: 'web-1 sends to db-1 directly.',
  problem: 'The clock of the node is 95 s behind.',
  title: 'the object does not exist, or is not yours to see',
  'last-event-id': '1042',
  since: '2026-01-31T09:30:00.000Z',
  until: '2026-01-31T10:30:00.000Z',
})

/** Answers that are no JSON. */
const TEXTS: Readonly<Record<string, string>> = Object.freeze({
  'text/plain': '# HELP weft_nodes Nodes that are enrolled.\n# TYPE weft_nodes gauge\nweft_nodes 3\n',
  'text/event-stream': 'id: 1042\nevent: change\ndata: {"sequence":1042,"what":["added member web-1"]}\n\n',
  'text/vnd.graphviz': 'graph "demo" {\n  "web-1" -- "db-1"\n}\n',
  'text/vnd.mermaid': 'graph LR\n  web-1 --- db-1\n',
  'application/graphml+xml':
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected"/></graphml>\n',
})
