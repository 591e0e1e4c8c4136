import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Place } from './fixture.ts'

describe('groups of a graph, and pairs that no link joins', () => {
  let place: Place
  const graph = async (query = '') => (await place.get(`/v1/networks/demo/graph${query}`)).body
  const idOf = new Map<string, string>()
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo' })
    for (const [name, labels] of Object.entries({
      web: { site: 'x', role: 'web' },
      db: { site: 'x', role: 'db' },
      spare: { site: 'y', role: 'db' },
      loner: {},
    })) {
      idOf.set(name, await place.enrol(name, labels))
      await place.post('/v1/networks/demo/members', { node: name })
    }
  })
  after(() => place?.[Symbol.asyncDispose]())

  const group = (name: string, all: number) => ({ name, all, online: 0, applied: 0, refused: 0 })

  it('are told without their members, and with the members of those that are open', async () => {
    const { groups, nodes, links, members, counts } = await graph('?by=site&members=false&links=0')
    assert.deepEqual(groups, [group('', 1), group('x', 2), group('y', 1)])
    assert.deepEqual([nodes, links, members.all, counts.links], [[], [], 4, 6])
    const open = await graph('?by=site&within=x')
    assert.deepEqual(open.nodes.map(({ name }: { name: string }) => name).sort(), ['db', 'web'])
    assert.deepEqual([open.links.length, open.groups.length, open.members.all], [1, 3, 4])
    assert.deepEqual((await graph()).groups, [])
  })

  it('are made by a label of any name, and refused when there are too many', async () => {
    assert.deepEqual((await graph('?by=constructor')).groups, [group('', 4)])
  })

  it('are told with the reason: the policy forbids it, or others carry', async () => {
    assert.deepEqual((await graph('?apart=true')).apart, [])
    const policy = { default: 'deny', rules: [{ from: 'role=web', to: 'role=db' }] }
    await place.call('PUT', '/v1/networks/demo/policy', { body: policy })
    const pair = (a: string, b: string) => [idOf.get(a), idOf.get(b)].sort().join()
    const told = (await graph('?apart=true')).apart
    assert.deepEqual(
      told.map(({ a, b, why }: Record<string, string>) => `${a},${b} ${why}`).sort(),
      [pair('db', 'spare'), pair('db', 'loner'), pair('spare', 'loner'), pair('web', 'loner')]
        .map((each) => `${each} forbidden`)
        .sort(),
    )
    assert.deepEqual((await graph()).apart, [], 'only when asked for')
    assert.equal((await graph('?apart=true&by=site&within=x')).apart.length, 0)
    await place.post('/v1/networks', { name: 'star', topology: 'hub' })
    for (const node of ['web', 'db']) await place.post('/v1/networks/star/members', { node })
    const { apart } = (await place.get('/v1/networks/star/graph?apart=true')).body
    assert.deepEqual(
      apart.map(({ a, b, why }: Record<string, string>) => `${a},${b} ${why}`),
      [`${pair('web', 'db')} carried`],
    )
    const past = (await place.get('/v1/networks/demo/graph?apart=true&revision=5')).body
    assert.deepEqual(past.apart, [], 'then the policy was open')
  })
})
