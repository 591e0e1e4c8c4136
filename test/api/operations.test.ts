import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../rig.ts'
import { Place } from './fixture.ts'

describe('long work', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    for (const name of ['one', 'two', 'three']) await place.enrol(name)
    await place.post('/v1/networks', { name: 'demo' })
  })
  after(() => place[Symbol.asyncDispose]())

  const batch = (body: object, headers: Record<string, string> = {}, token = place.token) =>
    place.post('/v1/networks/demo/members/batch', body, { headers, token })
  const ASYNC = { prefer: 'respond-async, wait=0' }

  /** Holds every change back until it is let go. */
  const hold = () => {
    const change = place.controller.change.bind(place.controller)
    const { promise, resolve } = Promise.withResolvers<void>()
    place.controller.change = async (...given) => {
      await promise
      return change(...given)
    }
    return () => {
      place.controller.change = change
      resolve()
    }
  }
  const ended = async (location: string) => {
    let body = (await place.get(location)).body
    await eventually('it is over', async () => {
      body = (await place.get(location)).body
      return body.state !== 'running'
    })
    return body
  }

  it('is answered with 202 and a place to look, for who prefers that', async () => {
    const key = { 'idempotency-key': 'long-1' }
    const other = await place.apiToken('other')
    const letGo = hold()
    const begun = await batch({ add: ['one', 'two'] }, { ...ASYNC, ...key })
    assert.deepEqual([begun.status, begun.body.state, begun.body.endedAt], [202, 'running', null])
    assert.equal(begun.headers['preference-applied'], 'respond-async')
    const location = String(begun.headers.location)
    assert.equal(location, `/v1/operations/${begun.body.id}`)
    assert.equal((await place.get(location, { token: other.secret })).status, 404)
    assert.deepEqual((await place.get(location)).body, begun.body)
    letGo()
    const { state, result, problem } = await ended(location)
    assert.deepEqual([state, result.added, problem], ['done', 2, undefined])
    assert.deepEqual((await batch({ add: ['one', 'two'] }, key)).body, result)
  })

  it('that fails says why, as it would have been answered', async () => {
    const letGo = hold()
    const begun = await place.post(
      '/v1/apply',
      { networks: { demo: { topology: 'hub' }, x: {} } },
      { headers: ASYNC },
    )
    // What can be seen at once is answered at once; the rest is found by the decision.
    letGo()
    const { state, problem } =
      begun.status === 202
        ? await ended(String(begun.headers.location))
        : { state: 'failed', problem: begun.body }
    assert.deepEqual([state, problem.code, problem.field], ['failed', 'conflict', 'networks.demo.topology'])
  })

  it('is answered as usual when it is quick, or when nobody prefers otherwise', async () => {
    const quick = await batch({ remove: ['one'] }, { prefer: 'respond-async, wait=60' })
    assert.deepEqual([quick.status, quick.headers['preference-applied']], [200, 'respond-async'])
    assert.equal((await batch({ remove: ['two'] })).status, 200)
    const refused = await batch({ add: ['nobody'] }, { prefer: 'respond-async, wait=60' })
    assert.deepEqual([refused.status, refused.body.field], [404, 'add.0'])
  })

  it('does not pile up: a few at once for each token', async () => {
    const letGo = hold()
    const answers = [0, 1, 2, 3, 4].map(() => ({ networks: { demo: { members: ['one'] } } }))
    const begun: number[] = []
    for (const body of answers) begun.push((await place.post('/v1/apply', body, { headers: ASYNC })).status)
    assert.deepEqual(begun, [202, 202, 202, 202, 429])
    letGo()
    assert.equal((await place.get('/v1/operations/op-aaaaaaaaaaaaaaaa')).status, 404)
    assert.equal((await place.get('/v1/operations/x')).status, 400)
  })
})
