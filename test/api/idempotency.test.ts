import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Receiver } from '../controller/receiver.ts'
import { documentOf, operationsOf } from './document.ts'
import { Place } from './fixture.ts'

describe('a POST with an Idempotency-Key', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo' })
    await place.enrol('web-1')
  })
  after(() => place[Symbol.asyncDispose]())

  const withKey = (key: string = randomUUID()) => ({ headers: { 'idempotency-key': key } })

  it('makes one network, however often it is repeated', async () => {
    const key = withKey()
    const first = await place.post('/v1/networks', { name: 'once' }, key)
    const { sequence } = place.controller.state
    const again = await place.post('/v1/networks', { name: 'once' }, key)
    assert.deepEqual([first.status, again.status, again.body], [201, 201, first.body])
    assert.equal(again.headers.location, first.headers.location)
    assert.equal(place.controller.state.sequence, sequence)
  })

  it('makes one network when many race', async () => {
    const key = withKey()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => place.post('/v1/networks', { name: 'raced' }, key)),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
  })

  it('makes one member', async () => {
    const key = withKey()
    const first = await place.post('/v1/networks/demo/members', { node: 'web-1' }, key)
    const again = await place.post('/v1/networks/demo/members', { node: 'web-1' }, key)
    assert.deepEqual([first.status, again.status, again.body], [201, 201, first.body])
  })

  it('makes one token, and does not show its secret again', async () => {
    const key = withKey()
    const { id, token } = (await place.post('/v1/tokens', {}, key)).body
    const again = await place.post('/v1/tokens', {}, key)
    assert.deepEqual(
      [again.status, again.body.code, again.body.field],
      [409, 'already-exists', 'idempotency-key'],
    )
    assert.ok(again.body.detail.includes(id))
    assert.equal(again.text.includes(token), false)
  })

  it('is refused when the key was used for another request', async () => {
    const key = withKey()
    await place.post('/v1/networks', { name: 'used' }, key)
    for (const [path, body] of [
      ['/v1/networks', { name: 'other' }],
      ['/v1/networks/demo/members', { node: 'web-1' }],
      ['/v1/tokens', {}],
    ] as const) {
      const { sequence } = place.controller.state
      const refused = await place.post(path, body, key)
      assert.deepEqual([refused.status, refused.body.code], [409, 'conflict'], path)
      assert.equal(place.controller.state.sequence, sequence)
    }
  })

  it('is done once also when there was nothing to do the first time', async () => {
    const key = withKey()
    const none = { roles: [] }
    const roles = async () => (await place.get('/v1/nodes/web-1')).body.roles
    const first = await place.post('/v1/nodes/web-1/roles', none, key)
    assert.deepEqual([first.status, first.body.roles], [200, []])
    await place.post('/v1/nodes/web-1/roles', { roles: ['hub'] })
    assert.equal((await place.post('/v1/nodes/web-1/roles', none, key)).status, 200)
    assert.deepEqual(await roles(), ['hub'], 'what somebody else did meanwhile stands')
    const used = await place.post('/v1/nodes/web-1/roles', { roles: ['relay'] }, key)
    assert.deepEqual([used.status, used.body.code], [409, 'conflict'])
    await place.post('/v1/nodes/web-1/roles', none)

    for (const [path, nothing, something] of [
      ['/v1/apply', { networks: { demo: {} } }, { networks: { another: {} } }],
      ['/v1/networks/demo/members/batch', { add: [], remove: [] }, { remove: ['web-1'] }],
    ] as const) {
      const spent = withKey()
      assert.equal((await place.post(path, nothing, spent)).status, 200, path)
      assert.equal((await place.post(path, nothing, spent)).status, 200, path)
      assert.equal((await place.post(path, something, spent)).status, 409, path)
    }
  })

  it('answers the same of a batch, whatever happened since', async () => {
    const key = withKey()
    await place.post('/v1/networks', { name: 'batched' })
    const first = await place.post('/v1/networks/batched/members/batch', { add: ['web-1'] }, key)
    await place.call('DELETE', '/v1/networks/batched/members/web-1')
    const again = await place.post('/v1/networks/batched/members/batch', { add: ['web-1'] }, key)
    assert.deepEqual([first.status, again.status, again.body], [200, 200, first.body])
  })

  it('leads nowhere when what was made is gone', async () => {
    const key = withKey()
    const { id } = (await place.post('/v1/networks', { name: 'brief' }, key)).body
    assert.equal((await place.call('DELETE', `/v1/networks/${id}`)).status, 204)
    const again = await place.post('/v1/networks', { name: 'brief' }, key)
    assert.deepEqual([again.status, again.headers.location], [404, undefined])
  })

  it('does not meet the key of another token', async () => {
    const { secret } = await place.apiToken('second')
    const key = withKey()
    const mine = await place.post('/v1/networks', { name: 'mine' }, key)
    const theirs = await place.post('/v1/networks', { name: 'theirs' }, { ...key, token: secret })
    assert.deepEqual([mine.body.name, theirs.status, theirs.body.name], ['mine', 201, 'theirs'])
  })

  it('can be tried again with the same key after it was refused', async () => {
    const key = withKey()
    const refused = await place.post('/v1/networks', { name: 'demo' }, key)
    assert.equal(refused.status, 409)
    await place.delete('/v1/networks/demo')
    assert.equal((await place.post('/v1/networks', { name: 'demo' }, key)).status, 201)
  })
})

/** A request for every POST of the document that takes a key; a new one fails until it stands here. */
type Repeat = readonly [path: string, body: object]

describe('every POST of the document that takes an Idempotency-Key', () => {
  it('is done once, and answers again as it did', async () => {
    await using place = await Place.open({ webhookRanges: ['127.0.0.0/8'], webhookPlainHttp: true })
    await using receiver = await Receiver.open()
    const document = await documentOf(place)
    const requests = await requestsTo(place, receiver)
    for (const [route, { operationId, parameters = [] }] of operationsOf(document)) {
      if (!parameters.some(({ name }) => name === 'idempotency-key')) continue
      const given = requests[operationId]
      assert.ok(given, `${route} has no request here`)
      const [path, body] = given
      const key = { headers: { 'idempotency-key': randomUUID() } }
      const first = await place.post(path, body, key)
      assert.ok(first.status < 300, `${route}: ${first.text}`)
      const [{ sequence }, received] = [place.controller.state, receiver.received.length]
      const again = await place.post(path, body, key)
      const isSecret = ['token', 'secret'].some((name) => Object.hasOwn(first.body, name))
      if (isSecret) assert.deepEqual([again.status, again.body.code], [409, 'already-exists'], route)
      else assert.deepEqual([again.status, essence(again.body)], [first.status, essence(first.body)], route)
      assert.equal(place.controller.state.sequence, sequence, `${route} changed something again`)
      assert.equal(receiver.received.length, received, `${route} sent something again`)
    }
  })
})

/** What was in the way of a document besides is told of the state that was there then. */
function essence({ kept: _, ...body }: { readonly kept?: unknown }): object {
  return body
}

async function requestsTo(place: Place, receiver: Receiver): Promise<Readonly<Record<string, Repeat>>> {
  for (const name of ['demo', 'other']) await place.post('/v1/networks', { name })
  for (const name of ['web-1', 'web-2', 'web-3']) await place.enrol(name)
  await place.post('/v1/networks/demo/members', { node: 'web-2' })
  const hook = { url: receiver.url, enabled: false }
  const { id } = (await place.post('/v1/webhooks', hook)).body
  const sent = (await place.post(`/v1/webhooks/${id}/test`, {})).body.id
  return {
    createProject: ['/v1/projects', { name: 'acme' }],
    createApiToken: ['/v1/api-tokens', { name: 'x', role: 'viewer' }],
    createNetwork: ['/v1/networks', { name: 'made' }],
    addMember: ['/v1/networks/demo/members', { node: 'web-1' }],
    // Who has left cannot be found a second time.
    changeMembers: ['/v1/networks/demo/members/batch', { add: ['web-3'], remove: ['web-2'] }],
    apply: [
      '/v1/apply',
      { networks: { shop: { members: ['web-1'] } }, nodes: { 'web-2': { labels: { a: 'b' } } } },
    ],
    setRoles: ['/v1/nodes/web-1/roles', { roles: ['hub'] }],
    createToken: ['/v1/tokens', { networks: ['demo'] }],
    createWebhook: ['/v1/webhooks', hook],
    testWebhook: [`/v1/webhooks/${id}/test`, {}],
    redeliverWebhook: [`/v1/webhooks/${id}/deliveries/${sent}/redeliver`, {}],
  }
}
