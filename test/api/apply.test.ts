import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { ApplyResult } from '../../src/api/schemas/apply.ts'
import type { NodeId } from '../../src/keys/identity.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { Inside, type InsideAnswer, type InsideCall } from './inside.ts'
import { enrol, freshName, makeEstate, makeProject, makeToken, share } from './tenants.ts'

describe('POST /v1/apply', () => {
  let inside: Inside
  before(async () => {
    inside = await Inside.open({ ipv4Pool: ['10.0.0.0/8'] })
  })
  after(() => inside[Symbol.asyncDispose]())

  let nodes: NodeId[]
  let [one, two, three]: string[] = []
  let net = ''
  beforeEach(async () => {
    nodes = await Promise.all([1, 2, 3].map(() => enrol(inside, DEFAULT_PROJECT)))
    ;[one, two, three] = nodes.map((id) => inside.state.nodes.get(id)?.name ?? '')
    net = freshName()
  })

  const apply = (body: unknown, query = '', options: InsideCall = {}) =>
    inside.call('POST', `/v1/apply${query}`, { body, ...options })
  const done = (answer: InsideAnswer): ApplyResult => {
    assert.equal(answer.status, 200, answer.text)
    return answer.body
  }
  const lines = (steps: ApplyResult['changes']) =>
    steps.map(({ change, path, before: old, after: now }) =>
      [change, path, old, now].filter((part) => part !== undefined).join(' '),
    )
  const show = async (path: string) => (await inside.call('GET', path)).body
  const membersOf = async (network: string) =>
    (await show(`/v1/networks/${network}/members?sort=name`)).items.map(({ name }: { name: string }) => name)

  const whole = () => ({
    networks: {
      [net]: {
        ipv4: '10.77.0.0/24',
        nodePrefixLength: 32,
        topology: 'hub',
        members: [one, two],
        policy: {
          default: 'deny',
          rules: [{ from: one, to: 'role=db', protocols: ['tcp'], ports: [22, '80-90'] }],
        },
      },
    },
    nodes: { [`${two}`]: { labels: { role: 'db' }, roles: ['hub'] } },
  })
  const clear = () => inside.call('DELETE', `/v1/networks/${net}`)

  it('makes all that is wanted in one entry of the log, and says what that was', async () => {
    const { sequence } = inside.state
    const { applied, changes, kept } = done(await apply(whole()))
    assert.equal(inside.state.sequence, sequence + 1)
    assert.deepEqual(
      [applied, lines(changes)],
      [
        true,
        [
          `add nodes.${two}.labels.role db`,
          `change nodes.${two}.roles none hub`,
          `add networks.${net} 10.77.0.0/24, hub`,
          `add networks.${net}.members.${one}`,
          `add networks.${net}.members.${two}`,
          `change networks.${net}.policy.default allow deny`,
          `add networks.${net}.policy.rules ${one} to role=db, tcp, ports 22 80-90`,
        ],
      ],
    )
    assert.ok(kept.every(({ change }) => change === 'remove'))
    assert.deepEqual(await membersOf(net), [one, two].toSorted())
    assert.equal((await show(`/v1/networks/${net}/policy`)).rules.length, 1)
    const { labels, roles } = await show(`/v1/nodes/${two}`)
    assert.deepEqual([labels, roles], [{ role: 'db' }, ['hub']])
    await clear()
  })

  it('has nothing to do the second time, and writes nothing', async () => {
    done(await apply(whole()))
    const { sequence } = inside.state
    assert.deepEqual(done(await apply(whole())).changes, [])
    assert.equal(inside.state.sequence, sequence)
    await clear()
  })

  it('changes nothing when one part cannot be, and names the part and what to do', async () => {
    done(await apply(whole()))
    const { sequence } = inside.state
    const before = JSON.stringify([await show('/v1/networks'), await show('/v1/nodes')])
    const fresh = freshName()
    const wrong: [body: object, status: number, field: string, advice: RegExp][] = [
      [
        { networks: { [fresh]: { members: [three, 'nobody'] } } },
        404,
        `networks.${fresh}.members.1`,
        /weft node list/,
      ],
      [
        { networks: { [net]: { ipv4: '10.78.0.0/24', members: [three] } } },
        409,
        `networks.${net}.ipv4`,
        /10\.77\.0\.0\/24 or leave it out/,
      ],
      [{ networks: { [net]: { topology: 'mesh' } } }, 409, `networks.${net}.topology`, /another network/],
      [{ networks: { [fresh]: { ipv4: '10.77.0.0/16' } } }, 409, `networks.${fresh}.ipv4`, /./],
      [{ networks: { [fresh]: { ipv4: '10.1.0.1/16' } } }, 400, `networks.${fresh}.ipv4`, /./],
      [
        {
          networks: {
            [fresh]: {},
            [net]: { policy: { default: 'deny', rules: [{ from: 'nobody', to: '*' }] } },
          },
        },
        400,
        `networks.${net}.policy.rules.0.from`,
        /weft node list/,
      ],
      [{ networks: { 'weft-transit': {} } }, 400, 'networks.weft-transit', /./],
      [
        { nodes: { [`${three}`]: { labels: { a: 'b' } }, nobody: { roles: ['hub'] } } },
        404,
        'nodes.nobody',
        /weft node list/,
      ],
      [{ nodes: { [`${three}`]: { roles: ['king'] } } }, 400, `nodes.${three}.roles.0`, /./],
      [{ networks: { [fresh]: { memebrs: [three] } } }, 400, `networks.${fresh}.memebrs`, /./],
      [{ networks: { '../x': {} } }, 400, 'networks.../x', /./],
      [{}, 400, 'body', /./],
    ]
    for (const [body, status, field, advice] of wrong) {
      for (const query of ['', '?dryRun=true']) {
        const answer = await apply(body, query)
        assert.deepEqual([answer.status, answer.body.field], [status, field], `${query} ${answer.text}`)
        assert.match(answer.body.advice ?? 'none', advice, answer.text)
      }
    }
    assert.equal(inside.state.sequence, sequence)
    assert.equal(JSON.stringify([await show('/v1/networks'), await show('/v1/nodes')]), before)
    await clear()
  })

  it('is tried out without a change, and tells links that would appear and disappear', async () => {
    const { sequence } = inside.state
    const body = { networks: { [net]: { members: [one, two, three] } } }
    const tried = done(await apply(body, '?dryRun=true'))
    assert.deepEqual([tried.applied, tried.changes.length, tried.links?.appear.count], [false, 4, 3])
    assert.equal(inside.state.sequence, sequence)
    assert.deepEqual(done(await apply(body)).changes, tried.changes)
    const less = { networks: { [net]: { members: [one] } } }
    assert.equal(done(await apply(less, '?dryRun=true&prune=true')).links?.disappear.count, 3)
    assert.equal(done(await apply(less, '?dryRun=true')).links?.disappear.count, 0)
  })

  it('takes away only when it is told to prune, and says otherwise what it keeps', async () => {
    const project = await makeProject(inside, freshName())
    const query = `?project=${project}`
    const [a, b] = await Promise.all([1, 2].map(() => enrol(inside, project)))
    const [first = '', second = ''] = [a, b].map((id) => inside.state.nodes.get(id as NodeId)?.name)
    const other = freshName()
    const labels = { role: 'web', rack: 'a1' }
    done(
      await apply(
        { networks: { [net]: { members: [first, second] }, [other]: {} }, nodes: { [first]: { labels } } },
        query,
      ),
    )
    const less = {
      networks: { [net]: { members: [first] } },
      nodes: { [first]: { labels: { role: 'web' } } },
    }
    const gone = [
      `remove nodes.${first}.labels.rack a1`,
      `remove networks.${other} 0 members`,
      `remove networks.${net}.members.${second}`,
    ]
    const kept = done(await apply(less, query))
    assert.deepEqual([kept.changes, lines(kept.kept)], [[], gone])
    const pruned = done(await apply(less, `${query}&prune=true`))
    assert.deepEqual([lines(pruned.changes), pruned.kept], [gone, []])
    assert.deepEqual(done(await apply(less, `${query}&prune=true`)).changes, [])
    // Nothing is said of networks, so none is gone.
    assert.deepEqual(done(await apply({ nodes: { [first]: {} } }, `${query}&prune=true`)).changes, [])
  })

  it('leaves guests alone, and networks that others share', async () => {
    const [mine, theirs] = [await makeProject(inside, freshName()), await makeProject(inside, freshName())]
    const own = await makeEstate(inside, mine)
    const guest = await makeEstate(inside, theirs)
    await share(inside, own, guest)
    const name = inside.state.networks.get(own.network)?.name ?? ''
    const members = () => [...(inside.state.networks.get(own.network)?.members.keys() ?? [])]
    assert.ok(members().includes(guest.idle))
    done(await apply({ networks: { [name]: { members: [] } } }, `?project=${mine}&prune=true`))
    assert.deepEqual(members(), [guest.idle])
    const listed = { networks: { [name]: { members: [guest.idle] } } }
    assert.deepEqual(done(await apply(listed, `?project=${mine}`)).changes, [])
    // Of the same name, in the other project: another network.
    assert.equal(
      done(await apply({ networks: { [name]: {} } }, `?project=${theirs}&dryRun=true`)).changes[0]?.change,
      'add',
    )
    const only = inside.state.networks.get(guest.network)?.name
    const empty = done(await apply({ networks: {} }, `?project=${theirs}&prune=true`))
    assert.deepEqual(lines(empty.changes), [`remove networks.${only} 1 members`])
    assert.ok(inside.state.networks.has(own.network))
  })

  it('makes what was seen and nothing else: its ETag stands for the changes', async () => {
    const body = { networks: { [net]: { members: [one, two] } } }
    const tried = await apply(body, '?dryRun=true')
    const match = { headers: { 'if-match': String(tried.headers.etag) } }
    await apply({ networks: { [net]: {} } })
    const late = await apply(body, '', match)
    assert.deepEqual([late.status, late.body.code], [412, 'precondition-failed'])
    const again = await apply(body, '?dryRun=true')
    assert.notEqual(again.headers.etag, tried.headers.etag)
    done(await apply(body, '', { headers: { 'if-match': String(again.headers.etag) } }))
  })

  it('wants to be told that it was seen when it cuts off members that are online', async (context) => {
    const project = await makeProject(inside, freshName())
    const { network, member } = await makeEstate(inside, project)
    const name = inside.state.networks.get(network)?.name
    const status = inside.controller.status.node.bind(inside.controller.status)
    context.mock.method(inside.controller.status, 'node', (id: NodeId) => ({
      ...status(id),
      online: id === member,
    }))
    const query = `?project=${project}&prune=true`
    const refused = await apply({ networks: {} }, query)
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.field],
      [409, 'confirmation-needed', 'if-match'],
    )
    assert.ok(refused.body.detail.includes(name))
    const emptied = await apply({ networks: { [`${name}`]: { members: [] } } }, query)
    assert.deepEqual(
      [emptied.status, emptied.body.code, emptied.body.field],
      [409, 'confirmation-needed', 'if-match'],
    )
    assert.ok(emptied.body.detail.includes(`a member that is online off from ${name}`))
    const tried = await apply({ networks: {} }, `${query}&dryRun=true`)
    done(await apply({ networks: {} }, query, { headers: { 'if-match': String(tried.headers.etag) } }))
    assert.equal(inside.state.networks.has(network), false)
  })

  it('is done once for an Idempotency-Key, also when it is raced', async () => {
    const key = { headers: { 'idempotency-key': net } }
    const answers = await Promise.all([1, 2, 3].map(() => apply(whole(), '', key)))
    const [first, ...others] = answers.map((answer) => lines(done(answer).changes))
    for (const other of others) assert.equal(other.length, first?.length)
    const { sequence } = inside.state
    done(await apply(whole(), '', key))
    assert.equal(inside.state.sequence, sequence)
    assert.equal((await apply({ networks: { [net]: {} } }, '', key)).status, 409)
    await clear()
  })

  const NETWORKS = ['networks:read', 'networks:write']
  const NODES = ['nodes:read', 'nodes:write']

  it('needs the rights to all that it is about', async () => {
    const project = await makeProject(inside, freshName())
    const { member, idle } = await makeEstate(inside, project)
    const cases: [scopes: string[], body: object, status: number][] = [
      [[...NETWORKS], { networks: { [freshName()]: {} } }, 200],
      [[...NETWORKS], { networks: { [freshName()]: { members: [idle] } } }, 403],
      [[...NETWORKS, 'members:write'], { networks: { [freshName()]: { members: [idle] } } }, 200],
      [[...NETWORKS, 'members:write'], { nodes: { [member]: {} } }, 403],
      [[...NETWORKS, ...NODES], { nodes: { [member]: { roles: ['hub'] } } }, 200],
      [[...NETWORKS, ...NODES], { nodes: { [member]: { roles: ['relay'] } } }, 403],
      [['networks:read', 'members:write', ...NODES], { networks: {} }, 403],
      // The answer says what is there.
      [['networks:write'], { networks: { [freshName()]: {} } }, 403],
      [[...NETWORKS, 'nodes:write'], { nodes: { [member]: {} } }, 403],
    ]
    for (const [scopes, body, status] of cases) {
      const token = await makeToken(inside, { name: 'x', role: 'admin', project, scopes: scopes as never })
      for (const query of ['?dryRun=true', '']) {
        const answer = await apply(body, query, { token })
        assert.equal(answer.status, status, `${scopes} ${JSON.stringify(body)} ${answer.text}`)
      }
    }
  })

  it('serves the schema that it checks by', async () => {
    const answer = await inside.call('GET', '/schemas/network.json', { token: '' })
    assert.deepEqual(
      [answer.status, answer.headers['content-type']],
      [200, 'application/schema+json; charset=utf-8'],
    )
    const { $schema, properties, examples } = JSON.parse(answer.text)
    assert.match($schema, /2020-12/)
    assert.deepEqual(Object.keys(properties), ['networks', 'nodes'])
    assert.equal((await apply(examples[0], '?dryRun=true')).body.field, 'nodes.web-1')
  })
})
