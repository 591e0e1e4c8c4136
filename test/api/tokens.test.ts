import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseJoinToken } from '../../src/protocol/jointoken.ts'
import { Place } from './fixture.ts'

describe('join tokens over REST', () => {
  let place: Place
  let network: string
  before(async () => {
    place = await Place.open()
    network = (await place.post('/v1/networks', { name: 'demo' })).body.id
  })
  after(() => place[Symbol.asyncDispose]())

  it('makes a token of which nothing is given: one use, one hour', async () => {
    const made = await place.post('/v1/tokens', {})
    assert.equal(made.status, 201)
    assert.deepEqual(Object.keys(made.body).sort(), ['expiresAt', 'id', 'token'])
    assert.equal(made.headers['cache-control'], 'no-store')
    const hour = Date.parse(made.body.expiresAt) - Date.now()
    assert.ok(hour > 3_590_000 && hour <= 3_600_000)
    const ticket = parseJoinToken(made.body.token)
    assert.equal(ticket.fingerprint, place.controller.authority.fingerprint)
  })

  it('lists tokens without their secrets', async () => {
    const made = await place.post('/v1/tokens', {
      networks: ['demo', network],
      uses: 10,
      ttlSeconds: 60,
      labels: { rack: 'a1' },
    })
    const list = await place.get('/v1/tokens')
    const listed = list.body.items.find(({ id }: { id: string }) => id === made.body.id)
    const { createdAt, ...rest } = listed
    assert.deepEqual(rest, {
      id: made.body.id,
      networks: [network],
      labels: { rack: 'a1' },
      uses: 10,
      expiresAt: made.body.expiresAt,
    })
    assert.equal(Date.parse(made.body.expiresAt) - Date.parse(createdAt), 60_000)
    const secret = Buffer.from(parseJoinToken(made.body.token).secret.expose()).toString()
    assert.equal(list.text.includes(secret), false)
    const stored = place.controller.state.joinTokens.get(made.body.id)
    assert.equal(list.text.includes(stored?.hash ?? 'no hash'), false)
  })

  it('revokes a token, once', async () => {
    const { id } = (await place.post('/v1/tokens', {})).body
    assert.equal((await place.delete(`/v1/tokens/${id}`)).status, 204)
    const again = await place.delete(`/v1/tokens/${id}`)
    assert.deepEqual([again.status, again.body.code], [404, 'not-found'])
  })

  it('refuses a network that does not exist', async () => {
    const refused = await place.post('/v1/tokens', { networks: ['demo', 'nope'] })
    assert.deepEqual([refused.status, refused.body.code], [404, 'not-found'])
  })

  const wrong: [what: string, body: object, field: string][] = [
    ['no uses', { uses: 0 }, 'uses'],
    ['half a use', { uses: 1.5 }, 'uses'],
    ['a time to live of more than a year', { ttlSeconds: 31_536_001 }, 'ttlSeconds'],
    ['a time that is past', { ttlSeconds: -1 }, 'ttlSeconds'],
    ['networks that are no list', { networks: 'demo' }, 'networks'],
    ['a network name that would be a flag', { networks: ['-x'] }, 'networks.0'],
    ['101 networks', { networks: Array.from({ length: 101 }, () => 'demo') }, 'networks'],
    ['a label with a control character', { labels: { rack: 'a\u001b[2J' } }, 'labels.rack'],
    ['a label that turns the direction of writing', { labels: { rack: 'a\u202e' } }, 'labels.rack'],
    ['a label of 129 characters', { labels: { rack: 'x'.repeat(129) } }, 'labels.rack'],
    ['a label that is no text', { labels: { rack: 1 } }, 'labels.rack'],
    ['a label name with a blank', { labels: { 'a b': 'x' } }, 'labels.a b'],
    [
      '33 labels',
      { labels: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`l${at}`, 'x'])) },
      'labels',
    ],
    ['a field that is unknown', { secret: 'x' }, 'secret'],
  ]
  for (const [what, body, field] of wrong) {
    it(`refuses ${what}`, async () => {
      const refused = await place.post('/v1/tokens', body)
      assert.deepEqual([refused.status, refused.body.code, refused.body.field], [400, 'invalid-input', field])
    })
  }

  it('takes labels of any language', async () => {
    const labels = { site: 'Zürich', rack: '東京 7' }
    const { id } = (await place.post('/v1/tokens', { labels })).body
    assert.deepEqual(place.controller.state.joinTokens.get(id)?.labels, labels)
  })
})
