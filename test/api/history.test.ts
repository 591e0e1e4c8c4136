import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setRoles } from '../../src/controller/commands/role.ts'
import { findNode } from '../lookup.ts'
import { Place } from './fixture.ts'

describe('the history of a network', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo', topology: 'hub' })
    for (const name of ['a', 'b', 'c']) {
      await place.enrol(name)
      await place.post('/v1/networks/demo/members', { node: name })
    }
    await place.post('/v1/networks', { name: 'noise' })
    await place.post('/v1/networks/noise/members', { node: 'a' })
    await place.post('/v1/nodes/a/roles', { roles: ['hub'] })
    await place.delete('/v1/nodes/c')
  })
  after(() => place[Symbol.asyncDispose]())

  const history = async (query = '') => (await place.get(`/v1/networks/demo/history${query}`)).body
  const graph = async (query = '') => (await place.get(`/v1/networks/demo/graph${query}`)).body

  it('tells who did what at which revision, and calls what is gone by its name', async () => {
    const { items } = await history()
    assert.deepEqual(
      items.map(({ revision, what }: { revision: number; what: string[] }) => [revision, what.join('; ')]),
      [
        [6, 'removed member c; removed node c'],
        [5, 'gave a the role hub'],
        [4, 'added member c'],
        [3, 'added member b'],
        [2, 'added member a'],
        [1, items.at(-1).what[0]],
      ],
    )
    assert.match(items.at(-1).what[0], /^made network demo, .* as hub$/)
    for (const { actorName } of items) assert.equal(actorName, 'first admin')
  })

  it('comes in pages that neither skip nor repeat', async () => {
    const revisions = async (order: string) => {
      const all: number[] = []
      for (let cursor = ''; ; ) {
        const page = await history(`?limit=2${order}${cursor}`)
        all.push(...page.items.map(({ revision }: { revision: number }) => revision))
        if (page.next === undefined) return all
        cursor = `&cursor=${page.next}`
      }
    }
    assert.deepEqual(await revisions(''), [6, 5, 4, 3, 2, 1])
    assert.deepEqual(await revisions('&sort=revision'), [1, 2, 3, 4, 5, 6])
  })

  it('shows the graph as it was wanted at any revision', async () => {
    const shapes = []
    for (const revision of [1, 2, 3, 4, 5]) {
      const past = await graph(`?revision=${revision}`)
      assert.equal(past.revision, revision)
      assert.equal(past.observed, false)
      shapes.push([
        past.nodes
          .map(({ name }: { name: string }) => name)
          .sort()
          .join(''),
        past.links.length,
      ])
    }
    // Without a hub nobody is linked.
    assert.deepEqual(shapes, [
      ['', 0],
      ['a', 0],
      ['ab', 0],
      ['abc', 0],
      ['abc', 2],
    ])
    const now = await graph()
    assert.deepEqual([now.observed, now.revision, now.nodes.length, now.links.length], [true, 6, 2, 1])
    assert.deepEqual((await graph('?revision=6')).observed, true)
    const future = await place.get('/v1/networks/demo/graph?revision=7')
    assert.deepEqual([future.status, future.body.field], [404, 'revision'])
  })

  it('gives the same past after thousands of entries, from states it kept and from the beginning', async () => {
    const { controller } = place
    const id = (await place.get('/v1/networks/demo')).body.id
    const b = findNode(controller.state, 'b').id
    assert.ok(b)
    const kinds = [['gateway'], ['gateway', 'hub'], []] as const
    const first = (await graph()).revision + 1
    const change = (_: unknown, at: number) =>
      controller.change({ actor: 'test' }, (state, tools) => setRoles(state, tools, b, kinds[at % 3] ?? []))
    const setAll = () => Promise.all(Array.from({ length: 300 }, change))
    await setAll()
    await graph('?revision=3')
    await setAll()
    await setAll()
    const members = Array.from({ length: 900 }, (_, at) => [first + at, kinds[at % 3]?.join()] as const)
    assert.equal(controller.state.networks.get(id)?.revision, members.at(-1)?.[0])
    for (const [revision, roles] of members.filter((_, at) => at % 97 === 0)) {
      const past = await graph(`?revision=${revision}`)
      const node = past.nodes.find(({ name }: { name: string }) => name === 'b')
      assert.equal(node.roles.join(), roles, `revision ${revision}`)
    }
    assert.equal((await graph('?revision=2')).nodes.length, 1)
  })
})

describe('one link', () => {
  it('is told whole: ends, keys, path and reason, traffic, and what changed last', async () => {
    await using place = await Place.open()
    await place.post('/v1/networks', { name: 'demo' })
    for (const name of ['a', 'b']) {
      await place.enrol(name, { site: 'oslo' })
      await place.post('/v1/networks/demo/members', { node: name })
    }
    const { status, body } = await place.get('/v1/networks/demo/links/b/a')
    assert.equal(status, 200)
    assert.deepEqual(
      [body.a.name, body.b.name, body.a.desiredRevision, body.a.appliedRevision],
      ['b', 'a', 3, 0],
    )
    assert.match(body.a.keyFingerprint, /^[\w-]{43}$/)
    assert.notEqual(body.a.keyFingerprint, body.b.keyFingerprint)
    assert.deepEqual([body.path, body.state, body.traffic], ['none', 'down', []])
    assert.match(body.reason, /b to a: no path/)
    assert.deepEqual(body.lastChange.what, ['added member b'])
    assert.deepEqual(body.a.labels, { site: 'oslo' })
    assert.equal((await place.get('/v1/networks/demo/links/a/a')).status, 400)
    assert.equal((await place.get('/v1/networks/demo/links/a/nope')).status, 404)
  })
})
