import { PROBLEM_TYPE } from '../schemas/problem.ts'
import type { Doc, DocAnswer, DocHeader, DocOperation } from './document.ts'

/** With which status an operation says the version of what it answers. */
const TAGGED: Readonly<Record<string, string>> = {
  createProject: '201',
  showProject: '200',
  createNetwork: '201',
  showNetwork: '200',
  showMember: '200',
  showPolicy: '200',
  setPolicy: '200',
  showNode: '200',
  changeNode: '200',
  setRoles: '200',
  showWebhook: '200',
  changeWebhook: '200',
  apply: '200',
}

/** Which operations say where what they made is. */
const PLACED: ReadonlySet<string> = new Set([
  'createProject',
  'createApiToken',
  'createNetwork',
  'addMember',
  'createWebhook',
])

const text = (description: string, example: string): DocHeader => ({
  description,
  schema: { type: 'string', examples: [example] },
})
const ETAG = text('The version of what is answered, for `If-Match`.', '"mT0bX1nH2sYqJ4cV5gR6dK"')
const LOCATION = text('Where it is.', '/v1/networks/net-4tq2b7w3xk5lm6np')
const ELSEWHERE = text('Where to go on.', 'https://issuer.example.org/authorize')
const LATER = text('Where to look what became of it.', '/v1/operations/op-4tq2b7w3xk5lm6np')
const RETRY: DocHeader = {
  description: 'Seconds to wait before the same is asked again.',
  schema: { type: 'integer', minimum: 1, examples: [1] },
}
const APPLIED = text('Says that `Prefer: respond-async` was heard (RFC 7240).', 'respond-async')
const CHALLENGE = text('What has to be shown.', 'Bearer realm="weft"')
const ALLOW = text('The methods that the address takes.', 'GET, HEAD, POST')

/** The document with the headers of every answer, and with what is answered to a method that an address does not take. */
export function withHeaders(document: Doc): Doc {
  const paths = mapValues(document.paths, (methods) => mapValues(methods, described))
  const refused = {
    description: 'The address takes other methods.',
    headers: { Allow: ALLOW },
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  return { ...document, paths, components: { ...document.components, responses: { '405': refused } } }
}

function described(operation: DocOperation): DocOperation {
  const responses = mapValues(operation.responses, (answer, status) => {
    const headers = headersOf(operation, status, answer)
    return Object.keys(headers).length === 0
      ? answer
      : { ...answer, headers: { ...answer.headers, ...headers } }
  })
  return { ...operation, responses }
}

function headersOf(
  { operationId, parameters = [] }: DocOperation,
  status: string,
  { content = {} }: DocAnswer,
): Record<string, DocHeader> {
  const isProblem = Object.hasOwn(content, PROBLEM_TYPE)
  return {
    ...(TAGGED[operationId] === status && { ETag: ETAG }),
    ...(status === '201' && PLACED.has(operationId) && { Location: LOCATION }),
    ...(status === '202' && { Location: LATER }),
    ...(status === '302' && { Location: ELSEWHERE }),
    ...(parameters.some(({ name }) => name === 'prefer') && { 'Preference-Applied': APPLIED }),
    ...(isProblem && (status === '429' || status === '503') && { 'Retry-After': RETRY }),
    ...(isProblem && status === '401' && { 'WWW-Authenticate': CHALLENGE }),
  }
}

function mapValues<Value, Made>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Made,
): Record<string, Made> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}
