import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Place } from './fixture.ts'

describe('members over REST', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo', ipv4: '10.9.0.0/16', ipv6: 'fd12:3456:789a::/48' })
    await place.post('/v1/networks', { name: 'own-keys', keyCustody: 'node' })
  })
  after(() => place[Symbol.asyncDispose]())

  it('adds a node by name, with its addresses and key, offline as long as its agent is', async () => {
    const node = await place.enrol('web-1')
    const added = await place.post('/v1/networks/demo/members', { node: 'web-1' })
    assert.equal(added.status, 201)
    assert.match(added.headers.location ?? '', new RegExp(`^/v1/networks/net-[a-z2-7]{16}/members/${node}$`))
    const { publicKey, addedAt, ...rest } = added.body
    assert.match(publicKey, /^[A-Za-z0-9+/]{43}=$/)
    assert.ok(Math.abs(Date.parse(addedAt) - place.controller.now()) < 60_000)
    assert.deepEqual(rest, {
      node,
      name: 'web-1',
      ipv4: '10.9.1.1',
      ipv6: 'fd12:3456:789a:1::1',
      subnetIpv4: '10.9.1.0/24',
      subnetIpv6: 'fd12:3456:789a:1::/64',
      listenPort: null,
      state: 'offline',
    })
  })

  it('adds a node by id, and gives it the next place', async () => {
    const node = await place.enrol('web-2')
    const added = await place.post('/v1/networks/demo/members', { node })
    assert.deepEqual([added.status, added.body.name, added.body.ipv4], [201, 'web-2', '10.9.2.1'])
  })

  it('shows no key of a member whose node makes its own, until it has', async () => {
    await place.enrol('web-3')
    const added = await place.post('/v1/networks/own-keys/members', { node: 'web-3' })
    assert.deepEqual([added.status, added.body.publicKey], [201, null])
  })

  it('shows a member by id and by name, and the same in the list', async () => {
    const { items } = (await place.get('/v1/networks/demo/members')).body
    assert.equal(items.length, 2)
    for (const item of items) {
      assert.deepEqual((await place.get(`/v1/networks/demo/members/${item.node}`)).body, item)
      assert.deepEqual((await place.get(`/v1/networks/demo/members/${item.name}`)).body, item)
    }
  })

  it('removes a member, once, and gives it its place again when it returns', async () => {
    await place.enrol('web-4')
    const first = await place.post('/v1/networks/demo/members', { node: 'web-4' })
    const gone = await place.delete('/v1/networks/demo/members/web-4')
    assert.deepEqual([gone.status, gone.text], [204, ''])
    assert.equal((await place.get('/v1/networks/demo/members/web-4')).status, 404)
    assert.equal((await place.delete('/v1/networks/demo/members/web-4')).status, 404)
    const again = await place.post('/v1/networks/demo/members', { node: 'web-4' })
    assert.equal(again.body.ipv4, first.body.ipv4)
    assert.notEqual(again.body.publicKey, first.body.publicKey)
  })

  it('counts the revision of the network up with each change', async () => {
    const revision = async () => (await place.get('/v1/networks/demo')).body.revision
    const start = await revision()
    await place.enrol('web-5')
    await place.post('/v1/networks/demo/members', { node: 'web-5' })
    assert.equal(await revision(), start + 1)
    await place.delete('/v1/networks/demo/members/web-5')
    assert.equal(await revision(), start + 2)
  })

  it('refuses a node that is a member already', async () => {
    const again = await place.post('/v1/networks/demo/members', { node: 'web-1' })
    assert.deepEqual([again.status, again.body.code, again.body.field], [409, 'already-exists', 'node'])
  })

  it('refuses a member too many', async () => {
    await place.post('/v1/networks', { name: 'small', ipv4: '192.168.7.0/30', nodePrefixLength: 32 })
    for (const name of ['tiny-1', 'tiny-2', 'tiny-3']) await place.enrol(name)
    const add = (node: string) => place.post('/v1/networks/small/members', { node })
    assert.deepEqual([(await add('tiny-1')).status, (await add('tiny-2')).status], [201, 201])
    const third = await add('tiny-3')
    assert.deepEqual([third.status, third.body.code], [409, 'range-exhausted'])
  })

  it('says what does not exist: the network, the node, or the membership', async () => {
    const detail = async (answer: Promise<{ status: number; body: { code: string; detail: string } }>) => {
      const { status, body } = await answer
      assert.deepEqual([status, body.code], [404, 'not-found'])
      return body.detail
    }
    assert.match(await detail(place.post('/v1/networks/nope/members', { node: 'web-1' })), /network 'nope'/)
    assert.match(await detail(place.post('/v1/networks/demo/members', { node: 'nope' })), /node 'nope'/)
    assert.match(await detail(place.get('/v1/networks/nope/members')), /network 'nope'/)
    assert.match(await detail(place.get('/v1/networks/demo/members/web-3')), /member 'web-3'/)
    assert.match(await detail(place.delete('/v1/networks/demo/members/web-3')), /member 'web-3'/)
  })

  for (const [what, body, field] of [
    ['no node', {}, 'node'],
    ['a node that is no text', { node: 7 }, 'node'],
    ['a node that would be a flag', { node: '-evil' }, 'node'],
    ['a place of the own choice', { node: 'web-1', ipv4: '10.9.9.9' }, 'ipv4'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const refused = await place.post('/v1/networks/demo/members', body)
      assert.deepEqual([refused.status, refused.body.code, refused.body.field], [400, 'invalid-input', field])
    })
  }
})
