import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fastify } from 'fastify'
import { guardRoutes } from '../../src/api/access/guard.ts'
import { ACCESS } from '../../src/api/access/table.ts'
import type { App } from '../../src/api/instance.ts'
import { DEFAULT_PROJECT, type TokenId } from '../../src/model/names.ts'
import { type AccessRole, permissionsOf } from '../../src/model/permission.ts'
import { Inside, type InsideAnswer } from './inside.ts'
import { type Estate, enrol, freshName, makeEstate, makeProject, makeToken, share } from './tenants.ts'

/** What a route is for, said a second time and in other words than the table's: two who agree are seldom both wrong. */
interface Expectation {
  /** The least role that may. `global …`: only if it counts in all projects. */
  readonly least: AccessRole | `global ${AccessRole}` | 'anybody known' | 'anybody'
  /** May a project do it with a network of others that is shared with it? `own`: only as to nodes of its own. */
  readonly shared?: 'yes' | 'own'
  readonly body?: (estate: Estate) => object
}

const member = (estate: Estate) => ({ node: estate.idle })

const EXPECTED: Readonly<Record<string, Expectation>> = {
  'GET /healthz': { least: 'anybody' },
  'GET /readyz': { least: 'anybody' },
  'GET /openapi.json': { least: 'anybody' },
  'GET /docs': { least: 'anybody' },
  'GET /docs/:page': { least: 'anybody' },
  'GET /docs/style.css': { least: 'anybody' },
  'GET /docs/icon.svg': { least: 'anybody' },
  'GET /v1/errors': { least: 'anybody' },
  'GET /v1/errors/:code': { least: 'anybody' },
  'GET /metrics': { least: 'global viewer' },
  'GET /v1/whoami': { least: 'anybody known' },
  'GET /v1/auth': { least: 'anybody' },
  'DELETE /v1/auth/session': { least: 'anybody known' },
  'GET /v1/auth/oidc/login': { least: 'anybody' },
  'GET /v1/auth/oidc/callback': { least: 'anybody' },
  'POST /v1/auth/oidc/code': { least: 'anybody', body: () => ({}) },
  'POST /v1/auth/oidc/code/session': { least: 'anybody', body: () => ({}) },
  'POST /v1/auth/oidc/device': { least: 'anybody' },
  'POST /v1/auth/oidc/device/session': { least: 'anybody', body: () => ({}) },
  'POST /v1/projects': { least: 'global admin', body: () => ({ name: freshName() }) },
  'GET /v1/projects': { least: 'viewer' },
  'GET /v1/projects/:project': { least: 'viewer' },
  'DELETE /v1/projects/:project': { least: 'global admin' },
  'POST /v1/api-tokens': { least: 'admin', body: () => ({ name: 'x', role: 'viewer' }) },
  'GET /v1/api-tokens': { least: 'admin' },
  'GET /v1/api-tokens/:token': { least: 'admin' },
  'DELETE /v1/api-tokens/:token': { least: 'admin' },
  'POST /v1/networks': { least: 'operator', body: () => ({ name: freshName() }) },
  'GET /v1/networks': { least: 'viewer' },
  'GET /v1/networks/:network': { least: 'viewer', shared: 'yes' },
  'DELETE /v1/networks/:network': { least: 'operator' },
  'GET /v1/networks/:network/graph': { least: 'viewer' },
  'GET /v1/networks/:network/links/:a/:b': { least: 'viewer' },
  'GET /v1/networks/:network/history': { least: 'viewer' },
  'POST /v1/webhooks': { least: 'admin', body: () => ({ url: 'https://hooks.example.org', enabled: false }) },
  'GET /v1/webhooks': { least: 'admin' },
  'GET /v1/webhooks/:webhook': { least: 'admin' },
  'PATCH /v1/webhooks/:webhook': { least: 'admin', body: () => ({ name: freshName() }) },
  'DELETE /v1/webhooks/:webhook': { least: 'admin' },
  'POST /v1/webhooks/:webhook/test': { least: 'admin' },
  'GET /v1/webhooks/:webhook/deliveries': { least: 'admin' },
  'POST /v1/webhooks/:webhook/deliveries/:delivery/redeliver': { least: 'admin' },
  'GET /v1/audit': { least: 'admin' },
  'GET /v1/events': { least: 'viewer' },
  'GET /v1/networks/:network/convergence': { least: 'viewer' },
  'GET /v1/networks/:network/paths': { least: 'viewer' },
  'GET /v1/networks/:network/policy': { least: 'viewer' },
  'PUT /v1/networks/:network/policy': {
    least: 'operator',
    body: () => ({ default: 'allow', rules: [] }),
  },
  'GET /v1/networks/:network/grants': { least: 'viewer' },
  'PUT /v1/networks/:network/grants/:project': { least: 'admin' },
  'DELETE /v1/networks/:network/grants/:project': { least: 'admin' },
  'POST /v1/networks/:network/members': { least: 'operator', shared: 'yes', body: member },
  'POST /v1/networks/:network/members/batch': {
    least: 'operator',
    shared: 'yes',
    body: ({ idle }) => ({ add: [idle] }),
  },
  'GET /v1/networks/:network/members': { least: 'viewer', shared: 'yes' },
  'GET /v1/networks/:network/members/:node': { least: 'viewer', shared: 'yes' },
  'DELETE /v1/networks/:network/members/:node': { least: 'operator', shared: 'own' },
  'POST /v1/apply': { least: 'operator', body: () => ({ networks: { [freshName()]: {} } }) },
  'GET /schemas/network.json': { least: 'anybody' },
  'GET /v1/operations/:operation': { least: 'anybody known' },
  'GET /v1/nodes': { least: 'viewer' },
  'GET /v1/nodes/:node': { least: 'viewer' },
  'DELETE /v1/nodes/:node': { least: 'operator' },
  'PATCH /v1/nodes/:node': { least: 'operator', body: () => ({ labels: { rack: 'a1' } }) },
  'POST /v1/nodes/:node/roles': { least: 'operator', body: () => ({ roles: ['hub'] }) },
  'POST /v1/tokens': { least: 'operator', body: () => ({}) },
  'GET /v1/tokens': { least: 'viewer' },
  'DELETE /v1/tokens/:token': { least: 'operator' },
}

const NOT_THERE: readonly string[] = [
  'GET /v1/operations/:operation',
  'DELETE /v1/networks/:network/grants/:project',
  'POST /v1/webhooks/:webhook/deliveries/:delivery/redeliver',
]

/** Changes that are none of the log: a message is sent. A session ends itself, so that nobody else is asked. */
const NO_ENTRIES: readonly string[] = [
  'DELETE /v1/auth/session',
  'POST /v1/webhooks/:webhook/test',
  'POST /v1/webhooks/:webhook/deliveries/:delivery/redeliver',
]

const ROLES: readonly AccessRole[] = ['viewer', 'operator', 'admin']
const order: readonly string[] = ROLES

interface Caller {
  readonly what: string
  readonly role: AccessRole
  readonly isGlobal: boolean
  readonly token: string
}

/** Whose the object is that a request names, seen from the project in which it acts. */
type Relation = 'own' | 'shared' | 'shared, own member' | 'foreign' | 'absent'

describe('who may do what', () => {
  let inside: Inside
  let mine: Estate
  /** Of another project; `guests` is shared with ours, with a member of either. */
  let theirs: Estate
  let guests: Estate
  let absent: Estate
  const callers: Caller[] = []

  const renew = async () => {
    const project = await makeProject(inside, freshName())
    const other = await makeProject(inside, freshName())
    mine = await makeEstate(inside, project)
    theirs = await makeEstate(inside, other)
    guests = await makeEstate(inside, other)
    await share(inside, guests, mine)
    callers.length = 0
    for (const role of ROLES) {
      const bound = await makeToken(inside, { name: role, role, project })
      callers.push({ what: `${role} of the project`, role, isGlobal: false, token: bound })
      const global = await makeToken(inside, { name: role, role })
      callers.push({ what: `global ${role}`, role, isGlobal: true, token: global })
    }
  }
  before(async () => {
    inside = await Inside.open({ ipv4Pool: ['10.0.0.0/8'] })
    absent = await makeEstate(inside, await makeProject(inside, 'gone'))
    await inside.call('DELETE', '/v1/projects/gone?confirm=gone')
    await renew()
  })
  after(() => inside[Symbol.asyncDispose]())

  it('is decided for every route, here and in the table', () => {
    assert.deepEqual(Object.keys(EXPECTED).sort(), Object.keys(ACCESS).sort())
  })

  it('must be decided before a route can be registered', async () => {
    const app: App = fastify()
    guardRoutes(app, inside.controller)
    assert.throws(() => app.get('/v1/secrets', async () => 'all of them'), /Nobody has decided/)
    assert.throws(() => app.patch('/v1/networks/:network', async () => ''), /Nobody has decided/)
    await app.close()
  })

  const estateOf = (relation: Relation): Estate => {
    if (relation === 'own') return mine
    if (relation === 'shared') return guests
    if (relation === 'shared, own member') return { ...guests, member: mine.idle }
    return relation === 'foreign' ? theirs : absent
  }

  const pathOf = (route: string, { network, member: node, idle, ...estate }: Estate) =>
    (route.split(' ')[1] ?? '')
      .replace('/v1/networks/:network/paths', `/v1/networks/${network}/paths?from=${node}&to=${idle}`)
      .replace(':code', 'conflict')
      .replace(':operation', 'op-aaaaaaaaaaaaaaaa')
      .replace(':page', 'errors')
      .replace(':network', network)
      .replace(':a/:b', `${node}/${idle}`)
      .replace('grants/:project', `grants/${route.startsWith('PUT') ? theirs.project : mine.project}`)
      .replace(':project', estate.project)
      .replace(':node', node)
      .replace(':webhook', estate.webhook)
      .replace(':delivery', 'msg_none')
      .replace('api-tokens/:token', `api-tokens/${estate.apiToken}`)
      .replace(':token', estate.joinToken)

  const ask = (route: string, caller: Caller | undefined, estate: Estate): Promise<InsideAnswer> => {
    const path = pathOf(route, estate)
    const inProject = caller?.isGlobal && path.startsWith('/v1/') && ACCESS[route] !== 'open'
    const name = inside.state.projects.get(estate.project)?.name
    const confirm = route === 'DELETE /v1/projects/:project' ? `?confirm=${name}` : ''
    const query = inProject ? `${path.includes('?') ? '&' : '?'}project=${mine.project}` : ''
    // Nodes are never shared: what is added to a network, its own or another's, is a node of the caller's project.
    const body = EXPECTED[route]?.body?.(estate === theirs || estate === absent ? estate : idleOfMine())
    return inside.call(
      route.split(' ')[0] ?? '',
      path + (query || confirm) + (query && confirm.replace('?', '&')),
      {
        token: caller?.token ?? '',
        // A stream would not end: what is asked after the decision is refused.
        headers: { 'last-event-id': '999999999' },
        ...(body && { body }),
      },
    )
  }
  /** In the shared network our idle node is a member already, so another one is added there. */
  const idleOfMine = (): Estate => ({ ...mine, idle: spare })
  let spare: Estate['idle']

  const isPermitted = ({ role, isGlobal }: Caller, least: Expectation['least']) => {
    if (least === 'anybody' || least === 'anybody known') return true
    const [needed = least, global] = least.split(' ').toReversed()
    return (isGlobal || !global) && order.indexOf(role) >= order.indexOf(needed)
  }

  const expected = (caller: Caller, relation: Relation, { least, shared }: Expectation): number | 'done' => {
    if (relation === 'foreign' || relation === 'absent') return 404
    const allowed = shared === 'yes' || (shared === 'own' && relation === 'shared, own member')
    if (relation !== 'own' && !allowed) return 403
    return isPermitted(caller, least) ? 'done' : 403
  }

  for (const [route, expectation] of Object.entries(EXPECTED)) {
    it(`${route}: each role, and own, shared, foreign and absent objects`, async () => {
      const names = (route.match(/:(?!code|page)\w+/g) ?? []).join()
      const relations: Relation[] = names ? ['own', 'foreign', 'absent'] : ['own']
      if (names.includes(':network')) relations.push('shared')
      if (names.includes(':node') && names.includes(':network')) relations.push('shared, own member')
      for (const relation of relations) {
        for (const index of callers.keys()) {
          spare = await enrol(inside, mine.project)
          const caller = callers[index] ?? assert.fail()
          // Every project is a global caller's own: there is no foreign one to it.
          if (caller.isGlobal && relation === 'foreign' && names === ':project') continue
          const before = inside.state
          const answer = await ask(route, caller, estateOf(relation))
          const what = `${caller.what}, ${relation}: ${answer.text.slice(0, 300)}`
          const wanted = wantedFor(route, expected(caller, relation, expectation))
          if (wanted === 'done') assert.ok(isDone(route, answer), what)
          else assert.deepEqual([answer.status, answer.body?.code], [wanted, codeOf(wanted)], what)
          if (wanted !== 'done' || route.startsWith('GET')) assert.equal(inside.state, before, what)
          else await renew()
        }
      }
    })
  }

  /** A grant to somebody who has none cannot be taken back, nor what was never sent be sent again: whoever may ask learns that. */
  const wantedFor = (route: string, wanted: number | 'done') =>
    wanted === 'done' && NOT_THERE.includes(route) ? 404 : wanted

  /**
   * How people sign in is another test's: here there is no issuer, and no session that could end. A path between two nodes of which one is no member of that network is refused by what the request
   * says.
   */
  const isDone = (route: string, { status, body }: InsideAnswer) =>
    status < 300 ||
    (route.includes('/v1/auth/') && status !== 401 && status !== 403) ||
    body.field === 'last-event-id' ||
    (/paths$|links/.test(route) && body.detail.includes('member'))

  it('never tells a foreign object from an absent one', async () => {
    for (const route of Object.keys(EXPECTED).filter((one) => /:(?!code|page)/.test(one))) {
      for (const caller of callers.filter(({ isGlobal }) => !isGlobal)) {
        const told = await Promise.all([theirs, absent].map((estate) => ask(route, caller, estate)))
        const [one, other] = told.map(({ status, body, headers }, at) => {
          let text = JSON.stringify({ ...body, instance: '' })
          for (const id of Object.values(at === 0 ? theirs : absent)) text = text.replaceAll(id, 'ID')
          return { status, text, length: headers['content-length'] }
        })
        assert.deepEqual(one, other, `${route} ${caller.what}`)
      }
    }
  })

  it('is nothing in a project that is not the one of the token', async () => {
    for (const { token, isGlobal } of callers) {
      const answer = await inside.call('GET', `/v1/networks?project=${theirs.project}`, { token })
      assert.equal(answer.status, isGlobal ? 200 : 404)
      const unknown = await inside.call('GET', '/v1/networks?project=prj-zzzzzzzzzzzzzzzz', { token })
      assert.equal(unknown.status, 404)
    }
  })

  it('follows scopes, which narrow a role and never widen it', async () => {
    const { project } = mine
    const scopes = ['members:write', 'grants:write'] as const
    const token = await makeToken(inside, { name: 'narrow', role: 'operator', project, scopes })
    assert.deepEqual([...permissionsOf({ role: 'operator', scopes, bound: true })], ['members:write'])
    const path = `/v1/networks/${mine.network}/members`
    assert.equal((await inside.call('POST', path, { token, body: { node: mine.idle } })).status, 201)
    assert.equal((await inside.call('GET', path, { token })).status, 403)
    assert.equal((await inside.call('DELETE', `/v1/networks/${mine.network}`, { token })).status, 403)
    const { body } = await inside.call('GET', '/v1/whoami', { token })
    assert.deepEqual([body.project, body.global, body.permissions], [project, false, ['members:write']])
  })

  it('tells by no dry run what the token may not read', async () => {
    const scopes = ['networks:write', 'members:write', 'nodes:write'] as const
    const token = await makeToken(inside, { name: 'blind', role: 'admin', project: mine.project, scopes })
    const calls: [method: string, path: string, body?: object][] = [
      ['POST', `/v1/networks/${mine.network}/members`, { node: mine.idle }],
      ['POST', `/v1/networks/${mine.network}/members/batch`, { add: [mine.idle] }],
      ['PUT', `/v1/networks/${mine.network}/policy`, { default: 'deny', rules: [] }],
      ['DELETE', `/v1/networks/${mine.network}/members/${mine.member}`],
      ['DELETE', `/v1/networks/${mine.network}`],
      ['DELETE', `/v1/nodes/${mine.member}`],
      ['POST', '/v1/apply', { networks: {} }],
    ]
    for (const [method, path, body] of calls) {
      const answer = await inside.call(method, `${path}?dryRun=true`, { token, ...(body && { body }) })
      assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'], path)
      assert.match(answer.body.detail, /'networks:read'/)
    }
  })

  it('is decided again on the state that a change is made on, whatever the change', async (context) => {
    const change = inside.controller.change.bind(inside.controller)
    let spent: TokenId | undefined
    context.mock.method(inside.controller, 'change', async (...args: Parameters<typeof change>) => {
      const events = spent ? [{ type: 'api-token-revoked', id: spent } as const] : []
      spent = undefined
      await change({ actor: 'test' }, () => ({ events, result: undefined }))
      return change(...args)
    })
    const changes = Object.keys(ACCESS).filter((one) => ACCESS[one] !== 'open' && !one.startsWith('GET'))
    const tried: string[] = []
    for (const route of changes.filter((one) => !NO_ENTRIES.includes(one))) {
      spare = await enrol(inside, mine.project)
      const token = await makeToken(inside, { name: 'gone soon', role: 'admin' })
      spent = [...inside.state.apiTokens.filter(({ name }) => name === 'gone soon').keys()].at(-1)
      const { sequence } = inside.state
      const { status, text } = await ask(route, { what: '', role: 'admin', isGlobal: true, token }, mine)
      assert.equal(spent, undefined, `${route} was decided: ${text}`)
      assert.ok([401, 403, 404].includes(status), `${route}: ${text}`)
      assert.equal(inside.state.sequence, sequence + 1, route)
      tried.push(route)
    }
    assert.ok(tried.length > 15)
  })

  it('hides the transit from all who are bound to a project', async () => {
    const token = await makeToken(inside, {
      name: 'x',
      role: 'admin',
      project: DEFAULT_PROJECT,
    })
    const roles = await inside.call('POST', `/v1/nodes/${mine.member}/roles?project=${mine.project}`, {
      body: { roles: ['relay'] },
    })
    assert.equal(roles.status, 200)
    assert.ok(inside.state.transit)
    for (const name of ['weft-transit', inside.state.transit]) {
      assert.equal((await inside.call('GET', `/v1/networks/${name}`)).status, 200)
      assert.equal((await inside.call('GET', `/v1/networks/${name}`, { token })).status, 404)
    }
    assert.deepEqual((await inside.call('GET', '/v1/networks', { token })).body.items, [])
  })

  it('lets only global tokens make relays, which carry the packets of all projects', async () => {
    await renew()
    for (const { token, role, isGlobal } of callers) {
      const path = `/v1/nodes/${await enrol(inside, mine.project)}/roles?project=${mine.project}`
      const answer = await inside.call('POST', path, { token, body: { roles: ['relay'] } })
      assert.equal(answer.status, isGlobal && role !== 'viewer' ? 200 : 403)
    }
  })
})

function codeOf(status: number): string {
  return status === 404 ? 'not-found' : 'forbidden'
}
