import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { joinNode } from '../../src/controller/commands/node.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { DEFAULT_PROJECT, type ProjectId } from '../../src/model/names.ts'
import { Inside } from './inside.ts'
import { enrol, freshName, makeEstate, makeProject, makeToken } from './tenants.ts'

describe('projects over REST', () => {
  let inside: Inside
  let a: ProjectId
  let b: ProjectId
  let tokenA: string
  let tokenB: string
  before(async () => {
    inside = await Inside.open()
    a = await makeProject(inside, 'a')
    b = await makeProject(inside, 'b')
    tokenA = await makeToken(inside, { name: 'a', role: 'admin', project: a })
    tokenB = await makeToken(inside, { name: 'b', role: 'admin', project: b })
  })
  after(() => inside[Symbol.asyncDispose]())

  const post = (path: string, body: object, token?: string) => inside.call('POST', path, { body, token })

  it('begin with the default one, in which a global token acts when it names no other', async () => {
    const { items } = (await inside.call('GET', '/v1/projects')).body
    assert.deepEqual(items[2], { ...items[2], id: DEFAULT_PROJECT, name: 'default' })
    const { body } = await post('/v1/networks', { name: 'plain' })
    assert.equal(body.project, DEFAULT_PROJECT)
    assert.equal((await inside.call('GET', '/v1/networks/plain?project=default')).status, 200)
    assert.equal((await inside.call('GET', '/v1/networks/plain?project=a')).status, 404)
    const refused = await inside.call('DELETE', '/v1/projects/default')
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden'])
  })

  it('have names of their own, and ranges of their own', async () => {
    const body = { name: 'same', ipv4: '10.1.0.0/16' }
    const made = await Promise.all([tokenA, tokenB].map((token) => post('/v1/networks', body, token)))
    assert.deepEqual(
      made.map(({ status, body: { project } }) => [status, project]),
      [
        [201, a],
        [201, b],
      ],
    )
    assert.equal((await post('/v1/networks', body, tokenA)).body.code, 'already-exists')
    const overlapping = { name: 'other', ipv4: '10.1.2.0/20', nodePrefixLength: 28 }
    assert.equal(
      (await post('/v1/networks', { ...overlapping, ipv4: '10.1.0.0/20' }, tokenA)).body.code,
      'range-overlap',
    )
    const shown = await inside.call('GET', '/v1/networks/same', { token: tokenB })
    assert.equal(shown.body.id, made[1]?.body.id)
  })

  it('are the only one that a token of theirs lists', async () => {
    const { items } = (await inside.call('GET', '/v1/projects', { token: tokenA })).body
    assert.deepEqual(
      items.map(({ id }: { id: string }) => id),
      [a],
    )
  })

  it('want the name of a network back where a grant ends that has members online', async (context) => {
    const own = await makeEstate(inside, a)
    const guest = await enrol(inside, b)
    const path = `/v1/networks/${own.network}`
    await inside.call('PUT', `${path}/grants/${b}`, { token: tokenA })
    await inside.call('POST', `${path}/members`, { token: tokenB, body: { node: guest } })
    const isOnline = (node: string) => ({ online: node === guest })
    const online = context.mock.method(inside.controller.status, 'node', isOnline)
    const end = (query = '') => inside.call('DELETE', `${path}/grants/${b}${query}`, { token: tokenA })
    const dry = await end('?dryRun=true')
    assert.deepEqual([dry.status, dry.body.disappear.count], [200, 1])
    const refused = await end()
    assert.deepEqual([refused.status, refused.body.code], [409, 'confirmation-needed'])
    const { name } = (await inside.call('GET', path, { token: tokenA })).body
    assert.ok(refused.body.advice.includes(`?confirm=${name}`))
    assert.equal((await end(`?confirm=${name}`)).status, 204)
    online.mock.restore()
    await inside.call('PUT', `${path}/grants/${b}`, { token: tokenA })
    assert.equal((await end()).status, 204, 'nobody is cut off')
  })

  it('share a network by an explicit grant, which the other sees by its id, and lose its nodes with the grant', async () => {
    const own = await makeEstate(inside, a)
    const guest = await enrol(inside, b)
    const path = `/v1/networks/${own.network}`
    const call = (method: string, rest: string, token: string, body?: object) =>
      inside.call(method, path + rest, { token, body })
    assert.equal((await call('POST', '/members', tokenB, { node: guest })).status, 404)
    assert.equal(
      (await call('PUT', '/grants/b', tokenA)).status,
      404,
      'names of others are not to be guessed',
    )
    const granted = await call('PUT', `/grants/${b}`, tokenA)
    assert.deepEqual([granted.status, granted.body], [200, { network: own.network, project: b }])
    const { sequence } = inside.state
    assert.equal((await call('PUT', `/grants/${b}`, tokenA)).status, 200)
    assert.equal(inside.state.sequence, sequence)
    assert.equal((await call('PUT', `/grants/${a}`, tokenA)).body.code, 'invalid-input')
    const seen = (await inside.call('GET', '/v1/networks', { token: tokenB })).body.items
    assert.ok(
      seen.some(({ id, project }: { id: string; project: string }) => id === own.network && project === a),
    )
    assert.equal((await call('POST', '/members', tokenB, { node: own.idle })).status, 404, "a's node is a's")
    assert.equal((await call('POST', '/members', tokenA, { node: guest })).status, 404, "b's node is b's")
    assert.equal((await call('POST', '/members', tokenB, { node: guest })).status, 201)
    const members = (await call('GET', '/members', tokenB)).body.items.map(
      ({ node }: { node: string }) => node,
    )
    assert.deepEqual(members.toSorted(), [own.member, guest].toSorted())
    assert.equal((await call('DELETE', '/grants/b', tokenB)).status, 403)
    assert.equal((await call('DELETE', `/grants/${b}`, tokenA)).status, 204)
    assert.deepEqual([...(inside.state.networks.get(own.network)?.members.keys() ?? [])], [own.member])
    assert.equal((await call('GET', '', tokenB)).status, 404)
    assert.equal((await call('DELETE', `/grants/${b}`, tokenA)).status, 404)
  })

  it('keep a node out of two networks that overlap', async () => {
    const body = (ipv4: string) => ({ name: freshName(), ipv4 })
    const mine = (await post('/v1/networks', body('10.9.0.0/16'), tokenA)).body.id
    const theirs = (await post('/v1/networks', body('10.9.0.0/16'), tokenB)).body.id
    await inside.call('PUT', `/v1/networks/${theirs}/grants/${a}`, { token: tokenB })
    const node = await enrol(inside, a)
    assert.equal((await post(`/v1/networks/${mine}/members`, { node }, tokenA)).status, 201)
    const refused = await post(`/v1/networks/${theirs}/members`, { node }, tokenA)
    assert.deepEqual([refused.status, refused.body.code, refused.body.field], [409, 'range-overlap', 'node'])
  })

  it('get the nodes that join with a token of theirs, and no node of another', async () => {
    const { signing, sealing } = new Identity(new SecretBytes(systemRandom(32)))
    const join = (project: ProjectId) =>
      inside.change((state, tools) => {
        const made = createJoinToken(state, tools, { project, uses: 2 })
        return { ...made, result: made.result.secret }
      })
    const enter = async (project: ProjectId) => {
      const secret = Buffer.from((await join(project)).expose()).toString()
      return inside.change((state, tools) =>
        joinNode(state, tools, {
          publicKey: signing.publicKey,
          sealingKey: sealing.publicKey,
          secret,
          name: 'web',
        }),
      )
    }
    const node = await enter(a)
    assert.equal(inside.state.nodes.get(node)?.project, a)
    await assert.rejects(enter(b), { code: 'forbidden' })
    assert.equal((await inside.call('GET', '/v1/nodes/web', { token: tokenA })).body.id, node)
    assert.equal((await inside.call('GET', '/v1/nodes/web', { token: tokenB })).status, 404)
  })

  it('want their name back when they have but tokens or webhooks, and not when those have ended', async () => {
    const [project, name] = [await makeProject(inside, 'quiet'), 'quiet']
    const path = `/v1/projects/${project}`
    const hook = { url: 'https://localhost:9/x', enabled: false }
    const wanted = async (told: string) => {
      const { status, body } = await inside.call('DELETE', path)
      assert.deepEqual([status, body.code, body.field], [409, 'confirmation-needed', 'confirm'])
      assert.ok(body.detail.endsWith(`${told}.`), body.detail)
    }
    const made = await inside.call('POST', `/v1/webhooks?project=${name}`, { body: hook })
    await wanted('1 webhook')
    const token = await inside.call('POST', `/v1/api-tokens?project=${name}`, {
      body: { name: 'x', role: 'viewer' },
    })
    await wanted('1 API token and 1 webhook')
    await inside.call('DELETE', `/v1/webhooks/${made.body.id}?project=${name}`)
    await wanted('1 API token')
    await inside.call('DELETE', `/v1/api-tokens/${token.body.id}?project=${name}`)
    assert.equal((await inside.call('DELETE', path)).status, 204)
  })

  it('take everything along when they are deleted, in one change, and nothing of others', async () => {
    const project = await makeProject(inside, freshName())
    const estate = await makeEstate(inside, project)
    const other = await makeEstate(inside, a)
    const admin = await makeToken(inside, { name: 'x', role: 'admin', project })
    await inside.call('PUT', `/v1/networks/${other.network}/grants/${project}`, { token: tokenA })
    await post(`/v1/networks/${other.network}/members`, { node: estate.idle }, admin)
    await post(`/v1/networks/${other.network}/members`, { node: estate.member }, admin)
    const { sequence } = inside.state
    const path = `/v1/projects/${project}`
    const dry = await inside.call('DELETE', `${path}?dryRun=true`)
    // Of its node in the network of the other, and of the two of its own network, of which one is a member there.
    assert.deepEqual([dry.status, dry.body.appear.count], [200, 0])
    assert.ok(dry.body.disappear.count >= 2)
    assert.equal(inside.state.sequence, sequence, 'nothing is changed')
    const refused = await inside.call('DELETE', path)
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.field],
      [409, 'confirmation-needed', 'confirm'],
    )
    assert.equal(
      (await inside.call('DELETE', `${path}?confirm=${inside.state.projects.get(project)?.name}`)).status,
      204,
    )
    const { state } = inside
    assert.equal(state.sequence, sequence + 1)
    const text = JSON.stringify({
      ...state,
      removedNodes: [],
      deletedNetworks: [],
      networks: state.networks.map(({ slots: _, ...rest }) => rest),
    })
    for (const id of Object.values(estate)) assert.equal(text.includes(id), false, id)
    assert.deepEqual([...(state.networks.get(other.network)?.members.keys() ?? [])], [other.member])
    assert.equal((await inside.call('GET', '/v1/networks', { token: admin })).status, 401)
  })

  it('cannot be called by a name that is an id, a flag or a path', async () => {
    for (const name of [
      'prj-aaaaaaaaaaaaaaaa',
      '--help',
      '../x',
      '; reboot',
      'x'.repeat(300),
      '😀',
      '\u200fx',
      '',
    ]) {
      const { sequence } = inside.state
      const refused = await post('/v1/projects', { name })
      assert.deepEqual(
        [refused.status, refused.body.code, refused.body.field],
        [400, 'invalid-input', 'name'],
      )
      assert.equal(inside.state.sequence, sequence)
    }
  })
})

describe('API tokens over REST', () => {
  let inside: Inside
  before(async () => {
    inside = await Inside.open()
  })
  after(() => inside[Symbol.asyncDispose]())

  const create = (body: object, token?: string, project = 'default') =>
    inside.call('POST', `/v1/api-tokens?project=${project}`, {
      body: { name: 'x', role: 'viewer', ...body },
      token,
    })
  const use = async (token: string) => (await inside.call('GET', '/v1/whoami', { token })).status

  it('are shown once, and stored as a hash', async () => {
    const { status, headers, body } = await create({ name: 'billing' })
    assert.deepEqual(
      [status, headers['cache-control'], body.project, body.expiresAt],
      [201, 'no-store', DEFAULT_PROJECT, null],
    )
    assert.match(body.token, /^weft_[A-Za-z0-9_-]{43}$/)
    const shown = await inside.call('GET', `/v1/api-tokens/${body.id}`)
    const { hash = '?' } = inside.state.apiTokens.get(body.id) ?? {}
    assert.match(hash, /^[0-9a-f]{64}$/)
    const listed = (await inside.call('GET', '/v1/api-tokens')).text
    for (const text of [shown.text, listed, JSON.stringify(inside.state), inside.log]) {
      assert.equal(text.includes(body.token), false)
    }
    assert.equal(shown.text.includes(hash) || listed.includes(hash), false)
  })

  it('count until they expire or are revoked, and not a moment longer', async (context) => {
    const { body } = await create({ ttlSeconds: 60 })
    assert.equal(await use(body.token), 200)
    const end = Date.parse(body.expiresAt)
    context.mock.method(inside.controller, 'now', () => end - 1)
    assert.equal(await use(body.token), 200)
    context.mock.method(inside.controller, 'now', () => end)
    assert.equal(await use(body.token), 401)
    context.mock.reset()
    assert.equal((await inside.call('DELETE', `/v1/api-tokens/${body.id}`)).status, 204)
    assert.equal(await use(body.token), 401)
  })

  it('never make one that may do more than themselves', async () => {
    const scoped = await create({ role: 'admin', scopes: ['api-tokens:write', 'networks:read'] })
    const narrow = scoped.body.token
    assert.equal((await create({ role: 'viewer' }, narrow)).status, 403)
    const allowed = await create({ role: 'viewer', scopes: ['networks:read'] }, narrow)
    assert.deepEqual([allowed.status, allowed.body.permissions], [201, ['networks:read']])
    const global = await create({ role: 'viewer', scopes: ['networks:read'], global: true }, narrow)
    assert.deepEqual([global.status, global.body.field], [403, 'global'])
    const { token } = (await create({ role: 'operator', global: true })).body
    assert.equal((await create({}, token)).status, 403)
  })

  it('of all projects are seen by those of all projects only', async () => {
    const { token } = (await create({ role: 'admin' })).body
    const { id } = (await create({ role: 'viewer', global: true })).body
    assert.equal((await inside.call('GET', `/v1/api-tokens/${id}`)).body.project, null)
    assert.equal((await inside.call('GET', `/v1/api-tokens/${id}`, { token })).status, 404)
    assert.equal((await inside.call('DELETE', `/v1/api-tokens/${id}`, { token })).status, 404)
    assert.equal((await inside.call('GET', '/v1/api-tokens', { token })).text.includes(id), false)
  })

  it('leave a way in: the last one that can make others in all projects stays', async () => {
    const { id } = (await inside.call('GET', '/v1/whoami')).body
    const refused = await inside.call('DELETE', `/v1/api-tokens/${id}`)
    assert.deepEqual([refused.status, refused.body.code], [409, 'conflict'])
    const heir = (await create({ role: 'admin', global: true })).body
    assert.equal((await inside.call('DELETE', `/v1/api-tokens/${id}`)).status, 204)
    assert.equal(
      (await inside.call('DELETE', `/v1/api-tokens/${heir.id}`, { token: heir.token })).status,
      409,
    )
  })
})
