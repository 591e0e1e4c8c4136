import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { NodeId } from '../../src/keys/identity.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { Inside } from './inside.ts'
import { enrol, enrolment, freshName } from './tenants.ts'

describe('changes over REST', () => {
  let inside: Inside
  before(async () => {
    inside = await Inside.open({ ipv4Pool: ['10.0.0.0/8'] })
  })
  after(() => inside[Symbol.asyncDispose]())

  const makeNetwork = async (more: object = {}) =>
    (await inside.call('POST', '/v1/networks', { body: { name: freshName(), ...more } })).body
  const members = (network: string) => [
    ...(inside.state.networks.get(network as never)?.members.keys() ?? []),
  ]

  describe('of many members at once', () => {
    const batch = (network: string, body: object, headers = {}) =>
      inside.call('POST', `/v1/networks/${network}/members/batch`, { body, headers })

    it('are 10,000 in one entry of the log', async () => {
      // Keys of the nodes: those of the controller take seconds to make, and are tested with fewer members.
      const { id } = await makeNetwork({ ipv4: '10.0.0.0/9', nodePrefixLength: 32, keyCustody: 'node' })
      const nodes = Array.from({ length: 10_000 }, () => enrolment(DEFAULT_PROJECT))
      await inside.change(() => ({ events: nodes, result: undefined }))
      const { sequence } = inside.state
      const { status, body } = await batch(id, { add: nodes.map((node) => node.id) })
      assert.deepEqual([status, body], [200, { network: id, revision: 10_001, added: 10_000, removed: 0 }])
      assert.equal(inside.state.sequence, sequence + 1)
      assert.equal(members(id).length, 10_000)
      const left = await batch(id, { remove: nodes.slice(1).map((node) => node.id) })
      assert.deepEqual([left.body.removed, members(id)], [9_999, [nodes[0]?.id]])
    })

    it('give every member a key of its own, sealed for its place, also when the network changed meanwhile', async () => {
      const { id } = await makeNetwork()
      const nodes = await Promise.all(Array.from({ length: 6 }, () => enrol(inside, DEFAULT_PROJECT)))
      const answers = await Promise.all([
        batch(id, { add: nodes.slice(0, 3) }),
        batch(id, { add: nodes.slice(3) }),
      ])
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      )
      const made = [...(inside.state.networks.get(id)?.members.values() ?? [])]
      assert.equal(new Set(made.map(({ publicKey }) => publicKey)).size, 6)
      assert.deepEqual(made.map(({ keyVersion }) => keyVersion).toSorted(), [2, 3, 4, 5, 6, 7])
    })

    it('are decided on the version of the network that was read, if that is said', async () => {
      const { id } = await makeNetwork()
      const [a, b] = await Promise.all([1, 2].map(() => enrol(inside, DEFAULT_PROJECT)))
      const etag = String((await inside.call('GET', `/v1/networks/${id}`)).headers.etag)
      const answers = await Promise.all(
        [a, b].map((node) => batch(id, { add: [node] }, { 'if-match': etag })),
      )
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 412])
      assert.equal(members(id).length, 1)
      const c = await enrol(inside, DEFAULT_PROJECT)
      const now = String((await inside.call('GET', `/v1/networks/${id}`)).headers.etag)
      const headers = { 'idempotency-key': freshName(), 'if-match': now }
      const [first, again] = [await batch(id, { add: [c] }, headers), await batch(id, { add: [c] }, headers)]
      assert.deepEqual(
        [first.status, again.status, again.body.added],
        [200, 200, 1],
        'a repeated one is done',
      )
    })

    it('do all of it or nothing, and say which one was wrong', async () => {
      const { id } = await makeNetwork()
      const [a, b, c] = await Promise.all([1, 2, 3].map(() => enrol(inside, DEFAULT_PROJECT)))
      await batch(id, { add: [a] })
      const { sequence } = inside.state
      const cases: [body: object, status: number, field: string | undefined][] = [
        [{ add: [b, 'nobody'] }, 404, 'add.1'],
        [{ add: [b, b] }, 400, 'add.1'],
        [{ add: [b], remove: [c] }, 404, 'remove.0'],
        [{ add: [b, a] }, 409, 'node'],
        [{ add: [b], remove: [a, a] }, 400, 'remove.1'],
        [{ add: [b, '--help'] }, 400, 'add.1'],
        [{}, 400, 'body'],
        [{ add: Array.from({ length: 10_001 }, () => 'x') }, 400, 'add'],
      ]
      for (const [body, status, field] of cases) {
        const refused = await batch(id, body)
        assert.deepEqual([refused.status, refused.body.field], [status, field], refused.text)
      }
      assert.equal(inside.state.sequence, sequence)
      assert.equal((await batch(id, { remove: [a], add: [a, b] })).status, 200)
      assert.deepEqual(new Set(members(id)), new Set([a, b]))
    })

    it('are done once for each Idempotency-Key', async () => {
      const { id } = await makeNetwork()
      const node = await enrol(inside, DEFAULT_PROJECT)
      const key = { 'idempotency-key': 'a-batch' }
      const answers = await Promise.all([1, 2, 3].map(() => batch(id, { add: [node] }, key)))
      for (const { status, body } of answers) assert.deepEqual([status, body.added], [200, 1])
      assert.equal(inside.state.networks.get(id)?.revision, 2)
    })
  })

  describe('with If-Match', () => {
    it('are made to the version that was read, and to no other', async () => {
      const made = await inside.call('POST', '/v1/networks', { body: { name: freshName() } })
      const path = `/v1/networks/${made.body.id}`
      const etag = String(made.headers.etag)
      assert.match(etag, /^"[\w-]{22}"$/)
      assert.equal((await inside.call('GET', path)).headers.etag, etag)
      const node = await enrol(inside, DEFAULT_PROJECT)
      await inside.call('POST', `${path}/members`, { body: { node } })
      const refused = await inside.call('DELETE', path, { headers: { 'if-match': etag } })
      assert.deepEqual(
        [refused.status, refused.body.code, refused.body.field],
        [412, 'precondition-failed', 'if-match'],
      )
      const now = String((await inside.call('GET', path)).headers.etag)
      assert.notEqual(now, etag)
      assert.equal(
        (await inside.call('DELETE', path, { headers: { 'if-match': `"x", ${now}` } })).status,
        204,
      )
    })

    it('are lost by nobody: of many that race with the same version, one wins', async () => {
      const node = await enrol(inside, DEFAULT_PROJECT)
      const path = `/v1/nodes/${node}`
      const roles = [['hub'], ['gateway'], ['hub', 'gateway']]
      for (let round = 0; round < 5; round++) {
        const etag = String((await inside.call('GET', path)).headers.etag)
        const rivals = roles.filter((some) => some.toSorted().join() !== rolesOf(node))
        const answers = await Promise.all(
          [...rivals, ...rivals, ...rivals].map((some) =>
            inside.call('POST', `${path}/roles`, { body: { roles: some }, headers: { 'if-match': etag } }),
          ),
        )
        const statuses = answers.map(({ status }) => status)
        assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
        assert.ok(statuses.every((status) => status === 200 || status === 412))
      }
    })
    const rolesOf = (node: NodeId) => inside.state.nodes.get(node)?.roles.join()

    it('are decided on the state that is being changed, for members too', async () => {
      const { id } = await makeNetwork()
      const node = await enrol(inside, DEFAULT_PROJECT)
      const path = `/v1/networks/${id}/members/${node}`
      await inside.call('POST', `/v1/networks/${id}/members`, { body: { node } })
      const etag = String((await inside.call('GET', path)).headers.etag)
      await inside.call('DELETE', path)
      await inside.call('POST', `/v1/networks/${id}/members`, { body: { node } })
      assert.equal((await inside.call('DELETE', path, { headers: { 'if-match': etag } })).status, 412)
      assert.equal((await inside.call('DELETE', path, { headers: { 'if-match': '*' } })).status, 204)
    })
  })

  describe('that cut machines off', () => {
    it('want the name back while members are online, and not otherwise', async (context) => {
      const { id, name } = await makeNetwork()
      const node = await enrol(inside, DEFAULT_PROJECT)
      await inside.call('POST', `/v1/networks/${id}/members`, { body: { node } })
      const online = context.mock.method(inside.controller.status, 'node', () => ({ online: true }))
      for (const query of ['', '?confirm=', `?confirm=${id}`, '?confirm=other']) {
        const refused = await inside.call('DELETE', `/v1/networks/${id}${query}`)
        assert.deepEqual([refused.status, refused.body.code], [409, 'confirmation-needed'], query)
        assert.ok(refused.body.advice.includes(`?confirm=${name}`))
      }
      assert.equal((await inside.call('DELETE', `/v1/networks/${id}?confirm=${name}`)).status, 204)
      const other = await makeNetwork()
      assert.equal((await inside.call('DELETE', `/v1/networks/${other.id}`)).status, 204, 'nobody is in it')
      online.mock.restore()
      const last = await makeNetwork()
      await inside.call('POST', `/v1/networks/${last.id}/members`, { body: { node } })
      assert.equal((await inside.call('DELETE', `/v1/networks/${last.id}`)).status, 204, 'nobody is online')
    })
  })

  describe('that take many members out', () => {
    const enter = async (count: number) => {
      const { id, name } = await makeNetwork()
      const nodes = await Promise.all(Array.from({ length: count }, () => enrol(inside, DEFAULT_PROJECT)))
      const path = `/v1/networks/${id}/members/batch`
      assert.equal((await inside.call('POST', path, { body: { add: nodes } })).status, 200)
      const remove = (some: readonly string[], query = '', more = {}) =>
        inside.call('POST', path + query, { body: { remove: some, ...more } })
      return { id, name, nodes, remove }
    }

    it('want the name of the network back for half or more of those online, and for nothing less', async (context) => {
      const { id, name, nodes, remove } = await enter(6)
      const [a = '', b = '', c = ''] = nodes
      context.mock.method(inside.controller.status, 'node', () => ({ online: true }))
      for (const query of ['', '?confirm=other', `?confirm=${id}`]) {
        const refused = await remove(nodes, query)
        assert.deepEqual(
          [refused.status, refused.body.code, refused.body.field],
          [409, 'confirmation-needed', 'confirm'],
        )
        assert.ok(refused.body.advice.includes(`?confirm=${name}`))
      }
      assert.equal((await remove([a, b, c])).status, 409)
      assert.equal(members(id).length, 6)
      assert.equal((await remove(nodes, '?dryRun=true')).status, 200)
      assert.equal((await remove([a, b, c], '', { add: [a, b] })).status, 200, 'two come back')
      assert.equal((await remove([a, b])).status, 200, 'most stay')
      assert.equal((await remove(nodes.slice(3), `?confirm=${name}`)).status, 200)
      assert.deepEqual(members(id), [])
    })

    it('want nothing where nobody is cut off, or who is stands alone', async (context) => {
      const { id, nodes, remove } = await enter(3)
      const [last = ''] = nodes
      assert.equal((await remove(nodes.slice(1))).status, 200)
      context.mock.method(inside.controller.status, 'node', () => ({ online: true }))
      assert.equal((await remove([last])).status, 200)
      assert.deepEqual(members(id), [])
    })
  })

  describe('as a dry run', () => {
    it('answer which links would appear and disappear, change nothing, and use up no key', async () => {
      const { id } = await makeNetwork()
      const [a, b, c] = await Promise.all([1, 2, 3].map(() => enrol(inside, DEFAULT_PROJECT)))
      await inside.call('POST', `/v1/networks/${id}/members/batch`, { body: { add: [a, b] } })
      const before = inside.state
      const dry = async (method: string, path: string, body?: object) => {
        const headers = { 'idempotency-key': 'dry' }
        const answer = await inside.call(method, `${path}?dryRun=true`, { body, headers })
        assert.equal(answer.status, 200, answer.text)
        assert.equal(inside.state, before)
        return [answer.body.appear.count, answer.body.disappear.count]
      }
      const network = `/v1/networks/${id}`
      assert.deepEqual(await dry('POST', `${network}/members`, { node: c }), [2, 0])
      assert.deepEqual(await dry('POST', `${network}/members/batch`, { add: [c], remove: [a, b] }), [0, 1])
      assert.deepEqual(await dry('DELETE', `${network}/members/${a}`), [0, 1])
      assert.deepEqual(await dry('DELETE', `/v1/nodes/${a}`), [0, 1])
      assert.deepEqual(await dry('DELETE', network), [0, 1])
      assert.deepEqual(await dry('POST', `/v1/nodes/${a}/roles`, { roles: ['hub'] }), [0, 0])
      assert.deepEqual(await dry('PATCH', `/v1/nodes/${a}`, { labels: { rack: 'x' } }), [0, 0])
      const key = { 'idempotency-key': 'dry' }
      const real = await inside.call('POST', `${network}/members`, { body: { node: c }, headers: key })
      assert.equal(real.status, 201)
    })

    it('are refused as the change itself would be', async () => {
      const { id } = await makeNetwork()
      const node = await enrol(inside, DEFAULT_PROJECT)
      const path = `/v1/networks/${id}/members`
      await inside.call('POST', path, { body: { node } })
      assert.equal((await inside.call('POST', `${path}?dryRun=true`, { body: { node } })).status, 409)
      const stale = { 'if-match': '"stale"' }
      assert.equal(
        (await inside.call('DELETE', `${path}/${node}?dryRun=true`, { headers: stale })).status,
        412,
      )
    })
  })

  describe('with an Idempotency-Key', () => {
    it('are another change when anything of the request is another', async () => {
      const headers = { 'idempotency-key': 'same' }
      const name = freshName()
      const post = (path: string, body: unknown) => inside.call('POST', path, { body, headers })
      const first = await post('/v1/networks', { name, topology: 'hub' })
      assert.equal(first.status, 201)
      const again = await post('/v1/networks', `{ "topology": "hub",\n "name": "${name}" }`)
      assert.deepEqual([again.status, again.body], [201, first.body], 'the same in another order')
      for (const [path, body] of [
        ['/v1/networks', { name }],
        ['/v1/networks', { name, topology: 'mesh' }],
        ['/v1/networks?project=default', { name, topology: 'hub' }],
        ['/v1/projects', { name }],
      ] as const) {
        const refused = await post(path, body)
        assert.deepEqual(
          [refused.status, refused.body.code, refused.body.field],
          [409, 'conflict', 'idempotency-key'],
        )
      }
    })
  })
})

describe('lists over REST', () => {
  let inside: Inside
  before(async () => {
    inside = await Inside.open()
    for (const [name, topology] of [
      ['web', 'mesh'],
      ['db', 'hub'],
      ['web-old', 'hub'],
    ]) {
      await inside.call('POST', '/v1/networks', { body: { name, topology } })
    }
    const nodes = ['a', 'b', 'c'].map((name, at) => ({
      ...enrolment(DEFAULT_PROJECT),
      name,
      at: 10 - at,
      labels: at > 0 ? { site: 'z', rack: name } : {},
    }))
    await inside.change(() => ({ events: nodes, result: undefined }))
    await inside.call('POST', '/v1/nodes/c/roles', { body: { roles: ['hub'] } })
    const add = nodes.map(({ id }) => id)
    await inside.call('POST', '/v1/networks/web/members/batch', { body: { add } })
  })
  after(() => inside[Symbol.asyncDispose]())

  const names = async (path: string) => {
    const { status, body, text } = await inside.call('GET', path)
    assert.equal(status, 200, text)
    return body.items.map(({ name, id }: { name?: string; id?: string }) => name ?? id)
  }

  const cases: [path: string, expected: string[]][] = [
    ['/v1/networks?name=web', ['web', 'web-old']],
    ['/v1/networks?topology=hub', ['db', 'web-old']],
    ['/v1/networks?topology=hub&name=web&sort=-name', ['web-old']],
    ['/v1/networks?sort=-name', ['web-old', 'web', 'db']],
    ['/v1/networks?sort=createdAt', ['web', 'db', 'web-old']],
    ['/v1/networks?shared=true', []],
    ['/v1/networks?shared=false&sort=name', ['db', 'web', 'web-old']],
    ['/v1/nodes?sort=enrolledAt', ['c', 'b', 'a']],
    ['/v1/nodes?label=site=z', ['b', 'c']],
    ['/v1/nodes?label=rack', ['b', 'c']],
    ['/v1/nodes?label=rack=b', ['b']],
    ['/v1/nodes?label=constructor', []],
    ['/v1/nodes?role=hub', ['c']],
    ['/v1/nodes?online=true', []],
    ['/v1/nodes?online=false&sort=-name', ['c', 'b', 'a']],
    ['/v1/networks/web/members?sort=-name', ['c', 'b', 'a']],
    ['/v1/networks/web/members?state=offline&sort=name', ['a', 'b', 'c']],
    ['/v1/networks/web/members?state=applied', []],
    ['/v1/networks/web/members?name=b', ['b']],
    ['/v1/projects?sort=-createdAt', ['default']],
    ['/v1/api-tokens?global=false', []],
    ['/v1/api-tokens?global=true&name=first', ['first admin']],
    ['/v1/tokens?usable=true', []],
  ]
  for (const [path, expected] of cases) {
    it(`filters and sorts: GET ${path}`, async () => assert.deepEqual(await names(path), expected))
  }

  for (const sort of ['name', '-name', 'createdAt', '-createdAt']) {
    it(`comes in pages that fit together, sorted by ${sort}`, async () => {
      const whole = await names(`/v1/networks?sort=${sort}`)
      const pages: string[] = []
      let next: string | undefined
      do {
        const { body } = await inside.call(
          'GET',
          `/v1/networks?limit=1&sort=${sort}${next ? `&cursor=${next}` : ''}`,
        )
        pages.push(...body.items.map(({ name }: { name: string }) => name))
        next = body.next
      } while (next !== undefined && pages.length < 10)
      assert.deepEqual(pages, whole)
    })
  }

  it('refuses to sort by what is no order of the list, and filters that are none', async () => {
    for (const query of [
      'sort=ipv4',
      'sort=__proto__',
      'name=',
      'topology=ring',
      'shared=maybe',
      'color=red',
    ]) {
      const refused = await inside.call('GET', `/v1/networks?${query}`)
      assert.deepEqual([refused.status, refused.body.field], [400, query.split('=')[0]])
    }
  })
})
