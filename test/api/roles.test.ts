import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Place } from './fixture.ts'

describe('roles over REST', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    for (const name of ['one', 'two']) await place.enrol(name)
    await place.post('/v1/networks', { name: 'demo' })
    await place.post('/v1/networks/demo/members', { node: 'one' })
  })
  after(() => place[Symbol.asyncDispose]())

  const setRoles = (node: string, roles: unknown, options = {}) =>
    place.post(`/v1/nodes/${node}/roles`, { roles }, options)
  const rolesOf = async (node: string) => (await place.get(`/v1/nodes/${node}`)).body.roles

  it('are set as a whole list, answered with the node, and shown wherever the node is', async () => {
    const set = await setRoles('one', ['hub', 'gateway'])
    assert.equal(set.status, 200)
    assert.deepEqual(set.body, (await place.get('/v1/nodes/one')).body)
    assert.deepEqual(set.body.roles, ['gateway', 'hub'])
    const { nodes } = (await place.get('/v1/networks/demo/graph')).body
    assert.deepEqual(nodes[0].roles, ['gateway', 'hub'])
    assert.deepEqual((await setRoles('one', ['hub'])).body.roles, ['hub'])
    assert.deepEqual((await setRoles('one', [])).body.roles, [])
  })

  it('are set once for an Idempotency-Key, however often it is repeated', async () => {
    const key = { headers: { 'idempotency-key': 'roles-1' } }
    const first = await setRoles('two', ['hub', 'gateway'], key)
    const { sequence } = place.controller.state
    const again = await setRoles('two', ['hub', 'gateway'], key)
    assert.deepEqual([again.status, again.body], [200, first.body])
    assert.equal(place.controller.state.sequence, sequence)
    const other = await setRoles('two', ['hub'], key)
    assert.deepEqual([other.status, other.body.field], [409, 'idempotency-key'])
  })

  it('are refused when they are no roles, for a node that is not there, or twice the same', async () => {
    const cases: [node: string, roles: unknown, status: number, field: string | undefined][] = [
      ['one', ['king'], 400, 'roles.0'],
      ['one', 'relay', 400, 'roles'],
      ['one', ['hub', 'hub'], 400, 'roles'],
      ['one', undefined, 400, 'roles'],
      ['nope', ['hub'], 404, undefined],
    ]
    for (const [node, roles, status, field] of cases) {
      const refused = await setRoles(node, roles)
      assert.deepEqual([refused.status, refused.body.field], [status, field], JSON.stringify(roles))
    }
    assert.match((await setRoles('one', ['king'])).body.detail, /one of relay, hub, gateway/)
    assert.deepEqual(await rolesOf('one'), [])
  })

  it('bring the transit into being with the first relay, as a network like any other to look at', async () => {
    await setRoles('one', ['relay'])
    const { body } = await place.get('/v1/networks/weft-transit')
    assert.equal(body.topology, 'transit')
    const { items } = (await place.get('/v1/networks/weft-transit/members')).body
    assert.deepEqual(items.map(({ name }: { name: string }) => name).sort(), ['one', 'two'])
  })

  it('leave the transit to the controller: nobody adds members to it, removes them or deletes it', async () => {
    const before = place.controller.state
    for (const answer of [
      await place.post('/v1/networks/weft-transit/members', { node: 'one' }),
      await place.delete('/v1/networks/weft-transit/members/one'),
      await place.delete('/v1/networks/weft-transit'),
      await place.delete(`/v1/networks/${before.transit}`),
    ]) {
      assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'])
      assert.match(answer.body.advice, /weft node roles/)
    }
    assert.equal(place.controller.state, before)
  })
})
