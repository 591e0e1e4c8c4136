import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { failureOf, toProblem } from '../../src/api/problem.ts'
import { ERROR_CODES, type ErrorCode, WeftError } from '../../src/errors.ts'
import { type Document, documentOf, misfits } from './document.ts'
import { type Answer, type CallOptions, Place } from './fixture.ts'

describe('problem details', () => {
  let place: Place
  let document: Document
  before(async () => {
    place = await Place.open()
    document = await documentOf(place)
  })
  after(() => place[Symbol.asyncDispose]())

  const fits = (answer: Answer) => {
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.deepEqual(misfits(document, { $ref: '#/components/schemas/Problem' }, answer.body), [])
    assert.equal(answer.body.status, answer.status)
    assert.equal(answer.body.type, `/v1/errors/${answer.body.code}`)
  }

  const json = { 'content-type': 'application/json' }
  const cases: [what: string, method: string, path: string, options: CallOptions, status: number][] = [
    ['a route that does not exist', 'GET', '/nothing', {}, 404],
    ['a method that a route does not have', 'PUT', '/v1/networks', { body: {} }, 405],
    ['JSON that is cut off', 'POST', '/v1/networks', { body: '{"name":' }, 400],
    ['an empty body', 'POST', '/v1/networks', { body: '' }, 400],
    ['no body at all', 'POST', '/v1/networks', {}, 400],
    ['a body that is no object', 'POST', '/v1/networks', { body: '[1]' }, 400],
    ['a body that reaches for the prototype', 'POST', '/v1/networks', { body: '{"__proto__":{"a":1}}' }, 400],
    [
      'a body that reaches for the constructor',
      'POST',
      '/v1/networks',
      { body: '{"constructor":{"prototype":{}}}' },
      400,
    ],
    [
      'a body of another kind',
      'POST',
      '/v1/networks',
      { body: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
    ],
    [
      'a body that is too large',
      'POST',
      '/v1/networks',
      { body: `{"name":"${'a'.repeat(1_048_576)}"}` },
      413,
    ],
    ['a body that is too deep', 'POST', '/v1/networks', { body: '['.repeat(500_000) }, 400],
    ['a percent sign that says nothing', 'GET', '/v1/networks/%zz', {}, 400],
    ['a path that is too long', 'GET', `/v1/networks/${'x'.repeat(2_000)}`, {}, 400],
    ['a page size of nothing', 'GET', '/v1/networks?limit=0', {}, 400],
    ['a page size that is too large', 'GET', '/v1/networks?limit=1001', {}, 400],
    ['a cursor that is none', 'GET', '/v1/networks?cursor=***', {}, 400],
    ['a query that is unknown', 'GET', '/v1/networks?all=1', {}, 400],
    [
      'an idempotency key with a blank',
      'POST',
      '/v1/tokens',
      { body: '{}', headers: { ...json, 'idempotency-key': 'a b' } },
      400,
    ],
    ['no token', 'GET', '/v1/networks', { token: null }, 401],
    ['an address that is none', 'DELETE', '/v1/nothing', {}, 404],
  ]
  for (const [what, method, path, options, status] of cases) {
    it(`answers ${what} with status ${status}`, async () => {
      const answer = await place.call(method, path, options)
      assert.equal(answer.status, status)
      fits(answer)
    })
  }

  it('repeats no token and no secret, wherever it was pasted', async () => {
    const { secret } = (await place.post('/v1/webhooks', { url: 'https://localhost:9/x', enabled: false }))
      .body
    const { token } = (await place.post('/v1/tokens', {})).body
    for (const pasted of [place.token, token, secret]) {
      const part = encodeURIComponent(pasted)
      const answers = await Promise.all([
        place.post('/v1/networks', { name: 'x', [pasted]: 1 }),
        place.post('/v1/networks', { name: pasted }),
        place.post('/v1/apply', { networks: { [pasted]: {} } }),
        place.post('/v1/apply', { networks: { ok: { members: [pasted] } } }),
        place.post('/v1/apply', { nodes: { [pasted]: { labels: { a: 'b' } } } }),
        place.get(`/v1/networks?${part}=1`),
        place.get(`/v1/networks?sort=${part}`),
        place.get(`/v1/networks?project=${part}`),
        place.get(`/v1/audit?actor=x&action=${part}`),
        place.get('/v1/events', { headers: { 'last-event-id': pasted } }),
        ...[
          'errors',
          'networks',
          'nodes',
          'tokens',
          'api-tokens',
          'webhooks',
          'projects',
          'operations',
          'nowhere',
        ].map((list) => place.get(`/v1/${list}/${part}`)),
        place.get(`/docs/${part}`),
      ])
      for (const answer of answers) {
        assert.ok(answer.status >= 400, answer.text)
        fits(answer)
        assert.ok(!answer.text.includes(pasted.slice(8, 40)), answer.text)
      }
      assert.ok(answers.some(({ body }) => body.field === '[redacted]'))
    }
  })

  it('refuses to ignore a version that a change is bound to', async () => {
    const bound = (wanted: string) => ({ headers: { 'if-match': wanted } })
    for (const [path, body] of [
      ['/v1/tokens', {}],
      ['/v1/networks', { name: 'unbound' }],
    ] as const) {
      const { status, body: problem } = await place.post(path, body, bound('"x"'))
      assert.deepEqual([status, problem.field, problem.code], [400, 'if-match', 'invalid-input'], path)
    }
    assert.equal((await place.post('/v1/tokens', {}, bound('*'))).status, 201)
    assert.equal((await place.call('GET', '/v1/networks', bound('"x"'))).status, 200)
  })

  it('says what an object lacks, what names are like, and which name there is not', async () => {
    const said = async (path: string, body: object) => {
      const { detail, field, advice } = (await place.post(path, body)).body
      return { detail, field, advice }
    }
    await place.post('/v1/networks', { name: 'lacking' })
    assert.equal(
      (await said('/v1/networks/lacking/members/batch', {})).detail,
      'The body must be an object with at least one of add, remove.',
    )
    const named = await said('/v1/apply', { networks: { bad_name: {} } })
    assert.match(named.advice, /1 to 63 lower-case letters, digits and inner hyphens/)
    assert.equal((await said('/v1/tokens', { networks: ['lacking', 'nosuch'] })).field, 'networks.1')
    assert.equal((await said('/v1/networks/lacking/members', { node: 'nosuch' })).field, 'node')
  })

  it('says which methods an address takes', async () => {
    const { body, headers } = await place.call('PATCH', '/v1/networks/any/members?limit=1')
    assert.equal(headers.allow, 'GET, HEAD, POST')
    assert.deepEqual(
      [body.field, body.detail],
      ['method', 'This address takes GET, HEAD, POST, and not PATCH.'],
    )
    assert.equal((await place.call('PATCH', '/v1/networks/any/members/')).status, 404)
  })

  it('takes an empty body for none, whatever the client says of its type', async () => {
    const headers = { 'content-type': 'application/json' }
    const missing = await place.call('DELETE', '/v1/networks/nope', { headers })
    assert.deepEqual([missing.status, missing.body.code], [404, 'not-found'])
    const empty = await place.call('POST', '/v1/networks', { headers })
    assert.deepEqual(
      [empty.status, empty.body.field, empty.body.detail],
      [400, 'body', 'The body must be an object.'],
    )
    const broken = await place.call('POST', '/v1/networks', { headers, body: '{"name":' })
    assert.equal(broken.body.detail, 'The request is not one that can be read.')
    const sly = await place.call('POST', '/v1/networks', {
      headers,
      body: '{"name":"x","__proto__":{"a":1}}',
    })
    assert.equal(sly.status, 400)
  })

  it('says of times and of choices what they must be', async () => {
    const ask = async (query: string) => (await place.get(`/v1/audit?${query}`)).body
    const time = 'The query parameter since must be a time as in 2026-01-31T09:30:00Z.'
    for (const wrong of ['yesterday', '2026-13-45T00:00:00Z', '']) {
      assert.equal((await ask(`since=${wrong}`)).detail, time, wrong)
    }
    assert.match((await ask('action=bogus')).detail, /action must be one of .*, member-added, /)
    assert.match((await ask('action=member-added&action=bogus')).detail, / must be one of .*, member-added, /)
  })

  it('names the request, so that it is found in the log', async () => {
    const { body } = await place.get('/v1/networks/nope')
    const id = /^urn:weft:request:(\S+)$/.exec(body.instance)?.[1]
    assert.ok(place.log.includes(`"requestId":"${id}"`))
  })

  it('keeps to itself what went wrong inside, but logs it', async (context) => {
    context.mock.method(place.controller.status, 'graph', () => {
      throw new Error('a secret from inside')
    })
    await place.post('/v1/networks', { name: 'demo' })
    const answer = await place.get('/v1/networks/demo/graph')
    assert.equal(answer.status, 500)
    fits(answer)
    assert.equal(answer.text.includes('secret'), false)
    assert.ok(place.log.includes('a secret from inside'))
  })

  it('does not show an answer that is not as documented', async (context) => {
    context.mock.method(place.controller.status, 'node', () => ({ online: true, lastSeenAt: Number.NaN }))
    await place.enrol('web-1')
    const answer = await place.get('/v1/nodes/web-1')
    assert.equal(answer.status, 500)
    fits(answer)
  })

  it('says when to come back when it cannot serve at the moment', async (context) => {
    context.mock.method(place.controller, 'isReady', () => false)
    const answer = await place.get('/readyz', { token: null })
    assert.deepEqual(
      [answer.status, answer.body.code, answer.headers['retry-after']],
      [503, 'unavailable', '1'],
    )
    fits(answer)
    assert.equal((await place.get('/healthz', { token: null })).status, 200)
  })

  const speak = async (bytes: string): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: place.port, rejectUnauthorized: false })
    socket.end(bytes)
    return text(socket)
  }
  const malformed: [what: string, bytes: string, status: number][] = [
    ['what is no HTTP', 'hello\r\n\r\n', 400],
    ['a head that is too large', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ]
  for (const [what, bytes, status] of malformed) {
    it(`answers ${what} with status ${status}`, async () => {
      const answer = await speak(bytes)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
      assert.deepEqual(misfits(document, { $ref: '#/components/schemas/Problem' }, problem), [])
      assert.equal(problem.status, status)
    })
  }
})

describe('failureOf and toProblem', () => {
  it('give every code a status of 400 or more and a title', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const failure = failureOf(new WeftError(code, 'It went wrong.'))
      assert.ok(failure.status >= 400 && failure.status < 600, code)
      assert.equal(toProblem(failure, 'x').title, ERROR_CODES[code])
    }
  })

  it('show message, field and advice, and never the cause', () => {
    const cause = new Error('hidden')
    const error = new WeftError('invalid-input', 'No.', { field: 'ipv4', advice: 'Try again.', cause })
    assert.deepEqual(toProblem({ status: 400, error }, 'id-1'), {
      type: '/v1/errors/invalid-input',
      title: ERROR_CODES['invalid-input'],
      status: 400,
      detail: 'No.',
      code: 'invalid-input',
      field: 'ipv4',
      advice: 'Try again.',
      instance: 'urn:weft:request:id-1',
    })
  })
})
