import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ACCESS } from '../../src/api/access/table.ts'
import type { OperationId } from '../../src/client/api.ts'
import {
  type Document,
  documentOf,
  misfits,
  type Operation,
  operationsOf,
  undocumentedHeaders,
} from './document.ts'
import { type Answer, Place } from './fixture.ts'

/** What nobody calls by the document: itself, its pages, and where the issuer sends browsers back to. */
const HIDDEN: ReadonlySet<string> = new Set([
  'GET /openapi.json',
  'GET /schemas/network.json',
  'GET /docs',
  'GET /docs/:page',
  'GET /docs/style.css',
  'GET /docs/icon.svg',
  'GET /v1/auth/oidc/callback',
])

/** Changes that make and end no links, and why. */
const NO_LINKS: Readonly<Partial<Record<OperationId, string>>> = {
  createProject: 'it begins empty',
  createNetwork: 'it begins empty',
  shareNetwork: 'the other project adds its nodes itself',
  createToken: 'nobody has joined by it yet',
  revokeToken: 'who has joined stays',
  createApiToken: 'it is about callers',
  revokeApiToken: 'it is about callers',
  createWebhook: 'it is about receivers',
  changeWebhook: 'it is about receivers',
  deleteWebhook: 'it is about receivers',
  testWebhook: 'it is about receivers',
  redeliverWebhook: 'it is about receivers',
  beginSignIn: 'it is about callers',
  finishSignIn: 'it is about callers',
  beginDeviceSignIn: 'it is about callers',
  finishDeviceSignIn: 'it is about callers',
  signOut: 'it is about callers',
}

/** The table has a line for every route, and none for others. */
const ROUTES = Object.keys(ACCESS)
  .filter((route) => !HIDDEN.has(route))
  .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))

describe('the OpenAPI document', () => {
  let place: Place
  let document: Document
  let operations: Map<string, Operation>
  before(async () => {
    place = await Place.open()
    document = await documentOf(place)
    operations = operationsOf(document)
  })
  after(() => place[Symbol.asyncDispose]())

  it('is of version 3.1 and lists every route, and no other', () => {
    assert.match(document.openapi, /^3\.1\./)
    assert.deepEqual([...operations.keys()].sort(), ROUTES.toSorted())
  })

  it('gives each operation an id of its own, a summary and a tag', () => {
    const ids = [...operations.values()].map(({ operationId }) => operationId)
    assert.equal(new Set(ids).size, ROUTES.length)
    for (const { summary, tags } of operations.values()) assert.ok(summary.length > 5 && tags.length === 1)
  })

  it('says of every route whether it wants a token, as the table has it', () => {
    for (const [route, { security }] of operations) {
      const isOpen = ACCESS[route.replaceAll(/\{(\w+)\}/g, ':$1')] === 'open'
      assert.deepEqual(security ?? 'bearer', isOpen ? [] : 'bearer', route)
    }
  })

  it('lets every change that makes or ends links be tried out, and every other be explained', () => {
    const changes = [...operations].filter(([route]) => !route.startsWith('GET '))
    const without = changes
      .filter(([, { parameters = [] }]) => !parameters.some(({ name }) => name === 'dryRun'))
      .map(([, { operationId }]) => operationId)
    assert.deepEqual(without.sort(), Object.keys(NO_LINKS).sort())
  })

  it('takes an Idempotency-Key at every POST, but where somebody signs in', () => {
    for (const [route, { parameters = [] }] of operations) {
      const isDone = parameters.some(({ name }) => name === 'idempotency-key')
      assert.equal(isDone, route.startsWith('POST ') && !route.startsWith('POST /v1/auth/'), route)
    }
  })

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to)
    assert.ok(references.length > 50)
    for (const to of new Set(references)) {
      const [, kind, name] = /^#\/components\/(schemas|examples)\/([\w-]+)$/.exec(to ?? '') ?? []
      assert.ok((kind === 'schemas' || kind === 'examples') && name && document.components[kind][name], to)
    }
  })

  it('describes what is really answered: each field, and no other', async () => {
    const node = await place.enrol('web-1', { rack: 'a1' })
    await place.enrol('web-2')
    const steps: [route: string, answer: () => Promise<Answer>][] = [
      ['POST /v1/networks', () => place.post('/v1/networks', { name: 'demo' })],
      ['POST /v1/networks', () => place.post('/v1/networks', { name: 'demo' })],
      ['POST /v1/networks', () => place.post('/v1/networks', {})],
      ['POST /v1/networks', () => place.post('/v1/networks', 'x'.repeat(1_100_000))],
      ['POST /v1/networks', () => place.post('/v1/networks', 'x', { headers: { 'content-type': 'text/x' } })],
      ['GET /v1/networks', () => place.get('/v1/networks')],
      ['GET /v1/networks', () => place.get('/v1/networks?limit=x')],
      ['GET /v1/networks', () => place.get('/v1/networks', { token: null })],
      ['GET /v1/networks/{network}', () => place.get('/v1/networks/demo')],
      ['GET /v1/networks/{network}', () => place.get('/v1/networks/nope')],
      [
        'POST /v1/networks/{network}/members',
        () => place.post('/v1/networks/demo/members', { node: 'web-1' }),
      ],
      ['GET /v1/networks/{network}/members', () => place.get('/v1/networks/demo/members')],
      ['GET /v1/networks/{network}/members/{node}', () => place.get(`/v1/networks/demo/members/${node}`)],
      ['GET /v1/networks/{network}/graph', () => place.get('/v1/networks/demo/graph')],
      ['POST /v1/nodes/{node}/roles', () => place.post('/v1/nodes/web-1/roles', { roles: ['relay', 'hub'] })],
      ['POST /v1/nodes/{node}/roles', () => place.post('/v1/nodes/web-1/roles', { roles: ['king'] })],
      [
        'POST /v1/networks/{network}/members',
        () => place.post('/v1/networks/weft-transit/members', { node: 'web-1' }),
      ],
      ['GET /v1/networks', () => place.get('/v1/networks')],
      ['GET /v1/networks/{network}/graph', () => place.get('/v1/networks/weft-transit/graph')],
      [
        'GET /v1/networks/{network}/paths',
        () => place.get('/v1/networks/weft-transit/paths?from=web-1&to=web-2'),
      ],
      ['GET /v1/networks/{network}/paths', () => place.get('/v1/networks/demo/paths?from=web-1&to=web-2')],
      ['GET /v1/networks/{network}/paths', () => place.get('/v1/networks/demo/paths')],
      [
        'GET /v1/networks/{network}/graph',
        () => place.get('/v1/networks/weft-transit/graph?by=rack&links=1'),
      ],
      ['GET /v1/networks/{network}/graph', () => place.get('/v1/networks/demo/graph?revision=1')],
      ['GET /v1/networks/{network}/graph', () => place.get('/v1/networks/demo/graph?revision=99')],
      ['GET /v1/networks/{network}/graph', () => place.get('/v1/networks/demo/graph?format=graphml')],
      [
        'GET /v1/networks/{network}/links/{a}/{b}',
        () => place.get('/v1/networks/weft-transit/links/web-1/web-2'),
      ],
      ['GET /v1/networks/{network}/links/{a}/{b}', () => place.get('/v1/networks/demo/links/web-1/web-1')],
      ['GET /v1/networks/{network}/history', () => place.get('/v1/networks/demo/history')],
      ['GET /v1/networks/{network}/history', () => place.get('/v1/networks/demo/history?cursor=x')],
      ['GET /v1/events', () => place.get('/v1/events', { headers: { 'last-event-id': '999' } })],
      ['GET /v1/networks/{network}/policy', () => place.get('/v1/networks/demo/policy')],
      [
        'PUT /v1/networks/{network}/policy',
        () =>
          place.call('PUT', '/v1/networks/demo/policy?dryRun=true', { body: { default: 'deny', rules: [] } }),
      ],
      [
        'PUT /v1/networks/{network}/policy',
        () =>
          place.call('PUT', '/v1/networks/demo/policy', {
            body: { default: 'deny', rules: [{ from: 'web-1', to: '*', ports: [22, '80-90'] }] },
          }),
      ],
      [
        'PUT /v1/networks/{network}/policy',
        () => place.call('PUT', '/v1/networks/demo/policy', { body: {} }),
      ],
      [
        'PUT /v1/networks/{network}/policy',
        () =>
          place.call('PUT', '/v1/networks/demo/policy', {
            body: { default: 'allow', rules: [] },
            headers: { 'if-match': '"0.0"' },
          }),
      ],
      [
        'PATCH /v1/nodes/{node}',
        () => place.call('PATCH', '/v1/nodes/web-1', { body: { labels: { a: 'b', rack: null } } }),
      ],
      ['GET /v1/nodes', () => place.get('/v1/nodes')],
      ['GET /v1/nodes/{node}', () => place.get('/v1/nodes/web-1')],
      ['POST /v1/tokens', () => place.post('/v1/tokens', { networks: ['demo'], labels: { a: 'b' } })],
      ['GET /v1/tokens', () => place.get('/v1/tokens')],
      ['DELETE /v1/tokens/{token}', () => place.delete('/v1/tokens/tok-aaaaaaaaaaaaaaaa')],
      ['DELETE /v1/networks/{network}/members/{node}', () => place.delete('/v1/networks/demo/members/web-1')],
      ['DELETE /v1/nodes/{node}', () => place.delete('/v1/nodes/web-1')],
      ['DELETE /v1/networks/{network}', () => place.delete('/v1/networks/demo')],
      ['GET /healthz', () => place.get('/healthz')],
      ['GET /readyz', () => place.get('/readyz')],
      ['GET /metrics', () => place.get('/metrics')],
    ]
    for (const [route, ask] of steps) {
      const answer = await ask()
      assert.notEqual(answer.status, 500, `${route} failed: ${answer.text}`)
      const operation = operations.get(route)
      const told = operation?.responses[answer.status]
      assert.ok(operation && told, `${route} does not list ${answer.status}`)
      const { content } = told
      assert.deepEqual(undocumentedHeaders(operation, answer), [], route)
      const promised = answer.status === 201 ? Object.keys(told.headers ?? {}) : []
      for (const name of promised) assert.ok(answer.headers[name.toLowerCase()], `${route} ${name}`)
      if (answer.status === 204) continue
      const type = answer.headers['content-type']?.split(';')[0] ?? ''
      const value = answer.body ?? answer.text
      assert.deepEqual(misfits(document, content?.[type]?.schema, value), [], `${route} ${answer.status}`)
    }
  })

  it('tells the headers by which callers go on: versions, places, times to wait, methods', () => {
    const headersOf = (route: string, status: number) =>
      Object.keys(operations.get(route)?.responses[status]?.headers ?? {}).filter(
        (name) => name !== 'Weft-Sequence',
      )
    assert.deepEqual(headersOf('GET /v1/networks/{network}', 200), ['ETag'])
    assert.deepEqual(headersOf('POST /v1/networks', 201), ['ETag', 'Location'])
    assert.deepEqual(headersOf('POST /v1/apply', 202), ['Location', 'Preference-Applied'])
    for (const [route, { responses }] of operations) {
      for (const status of [429, 503]) assert.ok(headersOf(route, status).includes('Retry-After'), route)
      for (const status of [408, 431]) assert.ok(responses[status]?.content, `${route} ${status}`)
    }
    assert.deepEqual(Object.keys(document.components.responses['405']?.headers ?? {}), ['Allow'])
  })

  it('is tested by something that can fail', () => {
    const schema = { $ref: '#/components/schemas/Network' }
    assert.notDeepEqual(misfits(document, schema, { name: 'demo' }), [])
    assert.notDeepEqual(misfits(document, { type: 'object', properties: {} }, { more: 1 }), [])
  })
})
