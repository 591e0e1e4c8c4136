import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseTokenId } from '../../src/model/names.ts'
import { documentOf, operationsOf } from './document.ts'
import { Place } from './fixture.ts'

/** What answers to anybody. Whoever adds a line here opens a door. */
const OPEN = [
  'GET /healthz',
  'GET /readyz',
  'GET /openapi.json',
  'GET /v1/errors',
  'GET /v1/errors/{code}',
  'GET /v1/auth',
  'GET /v1/auth/oidc/login',
  'POST /v1/auth/oidc/code',
  'POST /v1/auth/oidc/code/session',
  'POST /v1/auth/oidc/device',
  'POST /v1/auth/oidc/device/session',
]

describe('authentication', () => {
  let place: Place
  let routes: string[]
  let revoked: string
  before(async () => {
    place = await Place.open()
    routes = [...operationsOf(await documentOf(place)).keys(), 'GET /openapi.json']
    const { id, secret } = await place.apiToken('short-lived')
    revoked = secret
    await place.controller.change({ actor: 'test' }, () => ({
      events: [{ type: 'api-token-revoked', id: parseTokenId(id) ?? assert.fail() }],
      result: undefined,
    }))
  })
  after(() => place[Symbol.asyncDispose]())

  it('is wanted by every route but the open ones, before anything else is looked at', async () => {
    const before = place.controller.state
    assert.ok(routes.length > 15)
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ')
      for (const token of [null, 'weft_wrong', revoked]) {
        const answer = await place.call(method, path.replaceAll(/\{\w+\}/g, 'x'), { token, body: '{' })
        if (OPEN.includes(route)) {
          assert.notEqual(answer.status, 401, route)
          continue
        }
        assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated'], route)
        assert.equal(answer.headers['www-authenticate'], 'Bearer realm="weft"')
      }
    }
    assert.equal(place.controller.state, before)
  })

  it('is wanted by addresses that do not exist, so that nobody can tell which do', async () => {
    const answer = await place.get('/v2/secrets', { token: null })
    assert.equal(answer.status, 401)
    assert.equal((await place.get('/v2/secrets')).status, 404)
  })

  it('takes the token of the first start, and one that was made later', async () => {
    assert.match(place.token, /^weft_[A-Za-z0-9_-]{43}$/)
    const { secret } = await place.apiToken('second')
    assert.equal((await place.get('/v1/networks', { token: secret })).status, 200)
  })

  it('takes no token in another place or another form', async () => {
    const { token } = place
    const ask = async (headers: Record<string, string>, path = '/v1/networks') =>
      (await place.get(path, { token: null, headers })).status
    assert.equal(await ask({ authorization: token }), 401)
    assert.equal(await ask({ authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }), 401)
    assert.equal(await ask({ authorization: `Bearer ${token} x` }), 401)
    assert.equal(await ask({ authorization: `Bearer ${token.toUpperCase()}` }), 401)
    assert.equal(await ask({ 'x-api-key': token }), 401)
    assert.equal(await ask({}, `/v1/networks?token=${token}`), 401)
    assert.equal(await ask({ authorization: `bearer ${token}` }), 200)
  })

  it('writes who asked into the log, and no token anywhere', async () => {
    await place.get(`/v1/networks?token=${place.token}`)
    await place.get(`/v1/networks/${place.token}`)
    await place.post('/v1/networks', { [place.token]: 'x' })
    const { token } = (await place.post('/v1/tokens', {})).body
    const [admin] = place.controller.state.apiTokens.keys()
    assert.ok(place.log.includes(`"actor":"${admin}"`))
    assert.ok(place.log.includes('"path":"/v1/networks"'))
    for (const secret of [place.token, token, revoked]) assert.equal(place.log.includes(secret), false)
  })
})
