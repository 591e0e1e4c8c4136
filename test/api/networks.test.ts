import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Place } from './fixture.ts'

describe('networks over REST', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
  })
  after(() => place[Symbol.asyncDispose]())

  it('makes a network of which only the name is given', async () => {
    const made = await place.post('/v1/networks', { name: 'plain' })
    assert.equal(made.status, 201)
    assert.match(made.body.id, /^net-[a-z2-7]{16}$/)
    assert.equal(made.headers.location, `/v1/networks/${made.body.id}`)
    assert.deepEqual(Object.keys(made.body).sort(), [
      'createdAt',
      'epoch',
      'id',
      'ipv4',
      'ipv6',
      'keyCustody',
      'name',
      'nodePrefixLength',
      'project',
      'revision',
      'topology',
    ])
    const { name, ipv4, nodePrefixLength, topology, keyCustody, epoch, revision } = made.body
    assert.deepEqual(
      { name, ipv4, nodePrefixLength, topology, keyCustody, epoch, revision },
      {
        name: 'plain',
        ipv4: '10.64.0.0/16',
        nodePrefixLength: 24,
        topology: 'mesh',
        keyCustody: 'controller',
        epoch: 1,
        revision: 1,
      },
    )
    assert.match(made.body.ipv6, /^fd[0-9a-f:]+::\/48$/)
    assert.equal(new Date(made.body.createdAt).toISOString(), made.body.createdAt)
  })

  it('makes a network as it is told to', async () => {
    const wanted = {
      name: 'told',
      ipv4: '10.9.0.0/16',
      ipv6: 'fd12:3456:789a::/48',
      nodePrefixLength: 28,
      topology: 'mesh',
      keyCustody: 'node',
    }
    const made = await place.post('/v1/networks', wanted)
    assert.equal(made.status, 201)
    for (const [field, value] of Object.entries(wanted)) assert.equal(made.body[field], value)
  })

  it('makes a network of each topology', async () => {
    for (const topology of ['mesh', 'hub', 'sites']) {
      const made = await place.post('/v1/networks', { name: `of-${topology}`, topology })
      assert.deepEqual([made.status, made.body.topology], [201, topology])
    }
  })

  it('shows a network by id and by name, and the same in the list', async () => {
    const made = await place.post('/v1/networks', { name: 'shown' })
    assert.deepEqual((await place.get(`/v1/networks/${made.body.id}`)).body, made.body)
    assert.deepEqual((await place.get('/v1/networks/shown')).body, made.body)
    const { items } = (await place.get('/v1/networks')).body
    assert.deepEqual(
      items.find((item: { name: string }) => item.name === 'shown'),
      made.body,
    )
  })

  it('deletes a network, once', async () => {
    const made = await place.post('/v1/networks', { name: 'short-lived' })
    const gone = await place.delete('/v1/networks/short-lived')
    assert.deepEqual([gone.status, gone.text], [204, ''])
    for (const name of ['short-lived', made.body.id]) {
      assert.equal((await place.get(`/v1/networks/${name}`)).status, 404)
      assert.equal((await place.delete(`/v1/networks/${name}`)).status, 404)
    }
    assert.equal((await place.post('/v1/networks', { name: 'short-lived' })).status, 201)
  })

  it('refuses a name that is taken', async () => {
    await place.post('/v1/networks', { name: 'taken' })
    const again = await place.post('/v1/networks', { name: 'taken' })
    assert.deepEqual([again.status, again.body.code, again.body.field], [409, 'already-exists', 'name'])
  })

  it('refuses a range that overlaps one that is taken', async () => {
    await place.post('/v1/networks', { name: 'first', ipv4: '172.16.0.0/16' })
    const second = await place.post('/v1/networks', { name: 'second', ipv4: '172.16.128.0/17' })
    assert.deepEqual([second.status, second.body.code, second.body.field], [409, 'range-overlap', 'ipv4'])
    assert.match(second.body.detail, /172\.16\.0\.0/)
  })

  const wrong: [what: string, body: object, field: string][] = [
    ['no name', {}, 'name'],
    ['a name with a capital', { name: 'Demo' }, 'name'],
    ['a name that would be a flag', { name: '--help' }, 'name'],
    ['a name that would be a command', { name: '; reboot' }, 'name'],
    ['a name that would be a path', { name: '../x' }, 'name'],
    ['a name of 300 characters', { name: 'x'.repeat(300) }, 'name'],
    ['a name with an emoji', { name: 'de😀mo' }, 'name'],
    ['a name with a right-to-left mark', { name: 'de\u202emo' }, 'name'],
    ['a name that looks like an id', { name: 'net-aaaaaaaaaaaaaaaa' }, 'name'],
    ['a name that is no text', { name: 7 }, 'name'],
    ['an IPv4 range that is none', { name: 'x', ipv4: '10.0.0.0' }, 'ipv4'],
    ['an IPv4 range with host bits', { name: 'x', ipv4: '10.0.0.1/16' }, 'ipv4'],
    ['an IPv6 range that is not a unique local /48', { name: 'x', ipv6: '2001:db8::/48' }, 'ipv6'],
    ['a prefix length of 33', { name: 'x', nodePrefixLength: 33 }, 'nodePrefixLength'],
    ['a prefix length as text', { name: 'x', nodePrefixLength: '24' }, 'nodePrefixLength'],
    ['a topology that is unknown', { name: 'x', topology: 'ring' }, 'topology'],
    ['the topology of the transit', { name: 'x', topology: 'transit' }, 'topology'],
    ['the name of the transit', { name: 'weft-transit' }, 'name'],
    ['a custody that is unknown', { name: 'x', keyCustody: 'nobody' }, 'keyCustody'],
    ['a field that is unknown', { name: 'x', owner: 'me' }, 'owner'],
    ['a field that only the controller may set', { name: 'x', revision: 9 }, 'revision'],
  ]
  for (const [what, body, field] of wrong) {
    it(`refuses ${what}`, async () => {
      const before = place.controller.state
      const refused = await place.post('/v1/networks', body)
      assert.deepEqual([refused.status, refused.body.code, refused.body.field], [400, 'invalid-input', field])
      assert.equal(place.controller.state, before)
    })
  }

  it('refuses a name in the path that can be none, without looking for it', async () => {
    for (const name of ['%2e%2e', 'A', '-x', '%1b%5b31m', 'x'.repeat(64)]) {
      const answer = await place.get(`/v1/networks/${name}`)
      assert.deepEqual(
        [answer.status, answer.body.code, answer.body.field],
        [400, 'invalid-input', 'network'],
        name,
      )
    }
  })
})
