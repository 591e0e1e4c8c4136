import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
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
