import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { documentOf, operationsOf } from './document.ts'
import { Place } from './fixture.ts'

describe('Weft-Sequence', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
  })
  after(() => place[Symbol.asyncDispose]())

  it('says with every answer how far the log is, and grows with each change', async () => {
    const before = await place.get('/v1/networks')
    const made = await place.post('/v1/networks', { name: 'demo' })
    assert.equal(Number(made.headers['weft-sequence']), Number(before.headers['weft-sequence']) + 1)
  })

  it('is taken where it was reached, and refused where it is none', async () => {
    const { headers } = await place.get('/v1/networks')
    const ask = (sequence: string) => place.get('/v1/networks', { headers: { 'weft-sequence': sequence } })
    assert.equal((await ask(String(headers['weft-sequence']))).status, 200)
    for (const wrong of ['-1', 'x', '1e3', '9'.repeat(16)]) {
      const { status, body } = await ask(wrong)
      assert.deepEqual([status, body.code, body.field], [400, 'invalid-input', 'weft-sequence'])
    }
  })

  it('stands in the OpenAPI document at every answer, and at every operation under /v1', async () => {
    for (const [route, { parameters = [], responses }] of operationsOf(await documentOf(place))) {
      const isTaken = parameters.some(({ name }) => name === 'Weft-Sequence')
      assert.equal(isTaken, route.includes('/v1/'), route)
      for (const [status, { headers }] of Object.entries(responses))
        assert.ok(headers?.['Weft-Sequence'], `${route} ${status}`)
    }
  })
})
