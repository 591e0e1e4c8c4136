import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/cli/client.ts'
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
    const made = await client.call('createNetwork', { body: { name: 'demo' } })
    assert.deepEqual(await client.call('showNetwork', { path: { network: 'demo' } }), made)
    await client.call('deleteNetwork', { path: { network: made.id } })
    assert.deepEqual(await client.list('listNetworks'), [])
  })

  it('gathers all pages of a list', async () => {
    await place.controller.change({ actor: 'test' }, (state, tools) => ({
      events: Array.from({ length: 2_001 }, () => createJoinToken(state, tools, {}).events).flat(),
      result: undefined,
    }))
    using client = open()
    const tokens = await client.list('listTokens')
    assert.equal(new Set(tokens.map(({ id }) => id)).size, 2_001)
  })

  it('rejects with the problem that the controller answered', async () => {
    using client = open()
    await assert.rejects(client.call('createNetwork', { body: { name: 'NO' } }), {
      name: 'WeftError',
      code: 'invalid-input',
      field: 'name',
      message: /^The field name must be/,
    })
    await assert.rejects(client.call('showNetwork', { path: { network: 'nope' } }), {
      code: 'not-found',
      advice: "'weft network list' shows what there is.",
    })
    using stranger = open('weft_wrong')
    await assert.rejects(stranger.call('listNetworks'), { code: 'unauthenticated' })
  })

  it('says when the connection breaks before the answer', async () => {
    const ending = await Place.open()
    const url = `https://127.0.0.1:${ending.port}#${ending.controller.authority.fingerprint}`
    using client = new Client(parseControllerUrl(url), new SecretBytes(Buffer.from(ending.token)))
    ending.controller.change = () => new Promise(() => undefined)
    const answer = client.call('createNetwork', { body: { name: 'demo' } })
    const refused = assert.rejects(answer, { code: 'unavailable' })
    await ending[Symbol.asyncDispose]()
    await refused
    await assert.rejects(client.call('listNetworks'), { code: 'unavailable' })
  })
})
