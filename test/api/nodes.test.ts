import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Place } from './fixture.ts'

describe('nodes and graph over REST', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo' })
  })
  after(() => place[Symbol.asyncDispose]())

  it('lists nodes by name, and shows each by id and by name', async () => {
    const second = await place.enrol('b', { rack: 'a1', 'weft.test/site': 'x' })
    const first = await place.enrol('a')
    const { items } = (await place.get('/v1/nodes')).body
    const known = items.map(({ enrolledAt, ...rest }: { enrolledAt: string }) => {
      assert.ok(Math.abs(Date.parse(enrolledAt) - place.controller.now()) < 60_000)
      return rest
    })
    assert.deepEqual(known, [
      { id: first, name: 'a', online: false, roles: [], labels: {}, lastSeenAt: null },
      {
        id: second,
        name: 'b',
        online: false,
        roles: [],
        labels: { rack: 'a1', 'weft.test/site': 'x' },
        lastSeenAt: null,
      },
    ])
    assert.deepEqual((await place.get('/v1/nodes/b')).body, items[1])
    assert.deepEqual((await place.get(`/v1/nodes/${second}`)).body, items[1])
  })

  it('removes a node from everywhere, once', async () => {
    const node = await place.enrol('gone')
    await place.post('/v1/networks/demo/members', { node })
    assert.equal((await place.delete('/v1/nodes/gone')).status, 204)
    assert.equal((await place.get(`/v1/nodes/${node}`)).status, 404)
    assert.equal((await place.get(`/v1/networks/demo/members/${node}`)).status, 404)
    assert.equal((await place.delete(`/v1/nodes/${node}`)).status, 404)
  })

  it('gives the graph of a network: its members, and a link for each pair', async () => {
    for (const node of ['left', 'right', 'top']) {
      await place.enrol(node)
      await place.post('/v1/networks/demo/members', { node })
    }
    const { status, body } = await place.get('/v1/networks/demo/graph')
    assert.equal(status, 200)
    const network = (await place.get('/v1/networks/demo')).body
    assert.deepEqual([body.network, body.epoch, body.revision], [network.id, network.epoch, network.revision])
    assert.deepEqual(body.nodes.map(({ name }: { name: string }) => name).sort(), ['left', 'right', 'top'])
    assert.deepEqual(Object.keys(body.nodes[0]), [
      'id',
      'name',
      'online',
      'state',
      'roles',
      'labels',
      'ipv4',
      'ipv6',
      'desiredRevision',
      'appliedRevision',
      'problems',
    ])
    assert.equal(body.links.length, 3)
    const { a, b, reason, ...link } = body.links[0]
    assert.notEqual(a, b)
    assert.ok(reason.length > 0)
    assert.deepEqual(link, {
      path: 'none',
      via: null,
      state: 'down',
      handshakeAgeSeconds: null,
      rxBytes: 0,
      txBytes: 0,
    })
  })

  it('has no graph of a network that does not exist', async () => {
    assert.equal((await place.get('/v1/networks/nope/graph')).status, 404)
  })
})
