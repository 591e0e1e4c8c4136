import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Permission } from '../../src/model/permission.ts'
import { Receiver, soon } from '../controller/receiver.ts'
import { Place } from './fixture.ts'
import { Listener } from './listener.ts'

const HOOKS = { webhookRanges: ['127.0.0.0/8'], webhookPlainHttp: true, webhookRetrySeconds: 0.02 }

/** A change as each of the four tells it. */
interface Told {
  readonly sequence: number
  readonly actor: string
  readonly actorName: string
  readonly what: readonly string[]
}

describe('what happened, as seen from a project', () => {
  let place: Place
  let receiver: Receiver
  /** The last entry before what is looked at. */
  let start = 0
  const tokens: Record<string, string> = {}
  const ids: Record<string, string> = {}

  const makeToken = async (project: string, name: string, scopes?: readonly Permission[]) => {
    const body = { name, role: 'admin', ...(scopes && { scopes }) }
    const made = (await place.post(`/v1/api-tokens?project=${project}`, body)).body
    ids[name] = made.id
    tokens[name] = made.token
  }
  const by = (name: string) => ({ token: tokens[name] ?? '' })
  const listen = (name: string) =>
    Listener.open(place, '', { authorization: `Bearer ${tokens[name]}`, 'last-event-id': String(start) })

  before(async () => {
    receiver = await Receiver.open()
    place = await Place.open(HOOKS)
    for (const project of ['mine', 'theirs']) {
      ids[project] = (await place.post('/v1/projects', { name: project })).body.id
      await makeToken(project, `${project}-admin`)
    }
    await place.post('/v1/webhooks', { url: receiver.url }, by('mine-admin'))
    start = place.controller.state.sequence
    ids.network = (await place.post('/v1/networks', { name: 'demo' }, by('mine-admin'))).body.id
    await place.call('PUT', `/v1/networks/demo/grants/${ids.theirs}`, by('mine-admin'))
    const deny = { default: 'deny', rules: [] }
    await place.call('PUT', '/v1/networks/demo/policy?project=mine', { body: deny })
    await place.delete(`/v1/networks/demo/grants/${ids.theirs}`, by('mine-admin'))
    await makeToken('mine', 'narrow', ['networks:read'])
    await place.post('/v1/webhooks', { url: `${receiver.url}/secret`, enabled: false }, by('mine-admin'))
    await place.delete(`/v1/api-tokens/${ids['mine-admin']}?project=mine`)
    await makeToken('mine', 'auditor')
  })
  after(async () => {
    await place[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
  })

  it('is told alike by history, audit, live events and webhooks: nobody else is named, and no other project', async () => {
    using listener = await listen('auditor')
    const last = place.controller.state.sequence
    await listener.next('the last one', ({ id }) => id === last)
    await soon(() => assert.equal(receiver.received.at(-1)?.body.data.sequence, last))
    const audit = (await place.get('/v1/audit?limit=1000', by('auditor'))).body.items
    const history = (await place.get('/v1/networks/demo/history', by('auditor'))).body.items
    const brief = (all: readonly Told[]) =>
      all
        .filter(({ sequence }) => sequence > start)
        .map(({ sequence, actor, actorName, what }) => ({ sequence, actor, actorName, what }))
        .sort((a, b) => a.sequence - b.sequence)
    const expected = brief(audit)
    assert.deepEqual(brief(listener.of('change').map(({ data }) => data)), expected)
    assert.deepEqual(brief(receiver.received.map(({ body }) => body.data)), expected)
    const ofNetwork = brief(history)
    const numbers = new Set(ofNetwork.map(({ sequence }) => sequence))
    assert.deepEqual(
      ofNetwork,
      expected.filter(({ sequence }) => numbers.has(sequence)),
    )
    assert.ok(ofNetwork.length >= 2)
    const all = JSON.stringify([audit, history, listener.heard, receiver.received])
    for (const hidden of ['first admin', '"theirs"', 'project theirs', 'theirs-admin'])
      assert.ok(!all.includes(hidden), hidden)
    const actors = new Set(expected.map(({ actorName }) => actorName))
    assert.deepEqual([...actors], ['mine-admin', 'another project'])
    assert.ok(expected.some(({ what }) => what[0]?.endsWith(`with project ${ids.theirs}`)))
  })

  it('cannot be searched by an actor who is not shown', async () => {
    const byActor = async (actor: string) =>
      (await place.get(`/v1/networks/demo/history?actor=${encodeURIComponent(actor)}`, by('auditor'))).body
        .items.length
    assert.equal(await byActor('first admin'), 0)
    const [admin] = place.controller.state.apiTokens.filter(({ name }) => name === 'first admin').keys()
    assert.equal(await byActor(admin ?? ''), 0)
    assert.equal(await byActor('another project'), 1)
    const known = (await place.get('/v1/networks/demo/history?actor=first%20admin&project=mine')).body.items
    assert.equal(known.length, 1)
  })

  it('holds only what the token may read: tokens, webhooks and grants are for those who may see them', async () => {
    using listener = await listen('narrow')
    await place.post('/v1/networks?project=mine', { name: 'end' })
    await listener.next('the last one', ({ data }) => data.what?.[0].startsWith('made network end'))
    const actions = listener.of('change').flatMap(({ data }) => data.actions)
    assert.deepEqual(actions, ['network-created', 'network-policy-set', 'network-created'])
    assert.ok(!JSON.stringify(listener.heard).includes('hook'))
  })
})
