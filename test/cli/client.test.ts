import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Network } from '../../src/api/schemas/network.ts'
import type { Token } from '../../src/api/schemas/token.ts'
import { Client, path } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { Place } from '../api/fixture.ts'

describe('Client', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
  })
  after(() => place[Symbol.asyncDispose]())

  const open = (token = place.token) => {
    const url = `https://127.0.0.1:${place.port}#${place.controller.authority.fingerprint}`
    return new Client(parseControllerUrl(url), new SecretBytes(Buffer.from(token)))
  }

  it('makes, reads and deletes', async () => {
    using client = open()
    const made = await client.post<Network>('/v1/networks', { name: 'demo' })
    assert.deepEqual(await client.get<Network>(path`/v1/networks/${'demo'}`), made)
    await client.delete(path`/v1/networks/${made.id}`)
    assert.deepEqual(await client.list<Network>('/v1/networks'), [])
  })

  it('gathers all pages of a list', async () => {
    await place.controller.change({ actor: 'test' }, (state, tools) => ({
      events: Array.from({ length: 2_001 }, () => createJoinToken(state, tools, {}).events).flat(),
      result: undefined,
    }))
    using client = open()
    const tokens = await client.list<Token>('/v1/tokens')
    assert.equal(new Set(tokens.map(({ id }) => id)).size, 2_001)
  })

  it('rejects with the problem that the controller answered', async () => {
    using client = open()
    await assert.rejects(client.post('/v1/networks', { name: 'NO' }), {
      name: 'WeftError',
      code: 'invalid-input',
      field: 'name',
      message: /^The field name must be/,
    })
    await assert.rejects(client.get('/v1/networks/nope'), {
      code: 'not-found',
      advice: "'weft network list' shows what there is.",
    })
    using stranger = open('weft_wrong')
    await assert.rejects(stranger.get('/v1/networks'), { code: 'unauthenticated' })
  })

  it('says when the connection breaks before the answer', async () => {
    const ending = await Place.open()
    const url = `https://127.0.0.1:${ending.port}#${ending.controller.authority.fingerprint}`
    using client = new Client(parseControllerUrl(url), new SecretBytes(Buffer.from(ending.token)))
    ending.controller.change = () => new Promise(() => undefined)
    const answer = client.post('/v1/networks', { name: 'demo' })
    const refused = assert.rejects(answer, { code: 'unavailable' })
    await ending[Symbol.asyncDispose]()
    await refused
    await assert.rejects(client.get('/v1/networks'), { code: 'unavailable' })
  })
})
