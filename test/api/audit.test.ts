import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AuditRecord } from '../../src/api/schemas/audit.ts'
import { setRoles } from '../../src/controller/commands/role.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { createKeyPair } from '../../src/keys/wireguard.ts'
import { soon } from '../controller/receiver.ts'
import { RawAgent } from '../rawagent.ts'
import { documentOf, misfits } from './document.ts'
import { Place } from './fixture.ts'
import { Inside } from './inside.ts'
import { enrol, makeEstate, makeProject, makeToken, share } from './tenants.ts'

describe('the audit', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo' })
    for (const name of ['a', 'b']) {
      await place.enrol(name)
      await place.post('/v1/networks/demo/members', { node: name })
    }
    await place.call('PATCH', '/v1/nodes/a', { body: { labels: { rack: 'a1' } } })
    await place.call('PATCH', '/v1/nodes/a', { body: { labels: { rack: 'b2' } } })
    await place.delete('/v1/nodes/b')
    await place.post('/v1/networks', { name: 'noise' })
  })
  after(() => place[Symbol.asyncDispose]())

  const audit = async (
    query = '',
  ): Promise<{ items: AuditRecord[]; next?: string; log: { last: number } }> => {
    const answer = await place.get(`/v1/audit?${query}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.body
  }

  it('tells who did what, when, from where, and how it was before and after', async () => {
    const { items } = await audit('node=a&action=node-labels-set')
    const [latest, first] = items
    assert.equal(items.length, 2)
    assert.equal(latest?.actorName, 'first admin')
    assert.deepEqual(latest.origin, {
      via: 'rest',
      address: '127.0.0.1',
      requestId: latest.origin.requestId,
    })
    assert.deepEqual(latest.what, ['gave a the label rack=b2'])
    const labels = ({ changes: [change] }: AuditRecord) => [change?.before?.labels, change?.after?.labels]
    assert.deepEqual(items.map(labels), [
      [{ rack: 'a1' }, { rack: 'b2' }],
      [{}, { rack: 'a1' }],
    ])
    assert.ok(first?.complete)
  })

  it('names the request as its answer and the log of the controller do', async () => {
    await place.post('/v1/networks', { name: 'traced' })
    const [record] = (await audit('limit=1')).items
    const id = record?.origin.requestId
    assert.ok(id)
    assert.ok(place.log.includes(`"requestId":"${id}"`))
  })

  it('says of what an agent did that it was the agent, and from which address', async () => {
    await place.post('/v1/networks', { name: 'own-keys', keyCustody: 'node' })
    const { token } = (await place.post('/v1/tokens', { networks: ['own-keys'] })).body
    using agent = await RawAgent.join(token, { name: 'live', url: `https://127.0.0.1:${place.port}` })
    const network = (await place.get('/v1/networks/own-keys')).body.id
    const { publicKey } = createKeyPair(systemRandom)
    await soon(() => assert.equal(agent.framesOf('key-wanted').length, 1))
    const { keyVersion = 0 } = agent.framesOf('key-wanted')[0] ?? {}
    agent.send({ type: 'key', network, publicKey, keyVersion })
    let items: AuditRecord[] = []
    await soon(async () => {
      ;({ items } = await audit('actor=live&sort=sequence'))
      assert.deepEqual(items.at(-1)?.actions, ['member-key-certified'])
    })
    assert.ok(items[0]?.actions.includes('node-enrolled'))
    for (const { actor, origin } of items) {
      assert.equal(actor, agent.node)
      assert.deepEqual(origin, { via: 'agent', address: '127.0.0.1', requestId: null })
    }
  })

  it('has the hash of each entry, and what is gone by its name', async () => {
    const hashes = new Map<number, string>()
    const stop = new AbortController()
    for await (const { sequence, hash } of place.controller.follow(1, stop.signal)) {
      hashes.set(sequence, hash)
      if (sequence === place.controller.state.sequence) break
    }
    const { items } = await audit('sort=sequence&allProjects=true&limit=1000')
    assert.deepEqual(new Map(items.map(({ sequence, hash }) => [sequence, hash])), hashes)
    const removal = items.find(({ actions }) => actions.includes('node-removed'))
    assert.deepEqual(removal?.what, ['removed member b', 'removed node b'])
    assert.deepEqual(
      removal.changes.map(({ kind, name, after }) => [kind, name, after]),
      [
        ['member', 'b', null],
        ['node', 'b', null],
      ],
    )
  })

  it('comes in pages that neither skip nor repeat, in both orders', async () => {
    const whole = (await audit('limit=1000&allProjects=true')).items.map(({ sequence }) => sequence)
    for (const [sort, expected] of [
      ['-sequence', whole],
      ['sequence', whole.toReversed()],
    ] as const) {
      const seen: number[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page: { items: AuditRecord[]; next?: string } = await audit(
          `limit=3&allProjects=true&sort=${sort}${cursor && `&cursor=${cursor}`}`,
        )
        seen.push(...page.items.map(({ sequence }) => sequence))
        cursor = page.next
      }
      assert.deepEqual(seen, expected)
    }
  })

  it('is filtered by network, node, actor, action and time', async () => {
    const whats = async (query: string) => (await audit(query)).items.flatMap(({ what }) => what)
    assert.deepEqual(await whats('network=demo&action=member-added'), ['added member b', 'added member a'])
    assert.deepEqual(await whats('network=noise&action=member-added&action=node-removed'), [])
    assert.deepEqual(await whats('actor=nobody'), [])
    assert.ok((await whats('actor=first%20admin')).length > 5)
    const [first, second] = (await audit('sort=sequence&network=demo')).items
    const between = `since=${first?.at}&until=${second?.at}`
    for (const { at } of (await audit(between)).items)
      assert.ok(at >= (first?.at ?? '') && at < (second?.at ?? ''))
    assert.deepEqual(await whats('since=2999-01-01T00:00:00Z'), [])
    assert.deepEqual(await whats('until=2001-01-01T00:00:00Z'), [])
    for (const bad of [
      'cursor=x',
      'since=yesterday',
      'action=fly',
      'sort=at',
      'network=nothing-there',
      'limit=0',
    ]) {
      const { status, body } = await place.get(`/v1/audit?${bad}`)
      assert.ok(status === 400 || status === 404, bad)
      assert.equal(body.status, status)
    }
  })

  it('answers as its document says', async () => {
    const document = await documentOf(place)
    const operation = document.paths['/v1/audit']?.get
    const schema = operation?.responses['200']?.content?.['application/json']?.schema
    assert.deepEqual(misfits(document, schema, { ...(await audit('allProjects=true')) }), [])
  })

  it('goes back as far as the log does, and says so', async () => {
    const { log } = (await place.get('/v1/audit?limit=1')).body
    const { sequence, hash } = await headOf(place)
    assert.deepEqual(log, { first: 1, completeFrom: 1, last: sequence, lastHash: hash })
  })
})

async function headOf({ controller }: Place): Promise<{ sequence: number; hash: string }> {
  const { sequence } = controller.state
  for await (const entry of controller.follow(sequence, new AbortController().signal)) return entry
  throw new Error('the log is empty')
}

describe('who sees what of the audit', () => {
  let inside: Inside
  before(async () => {
    inside = await Inside.open({ ipv4Pool: ['10.0.0.0/8'] })
  })
  after(() => inside[Symbol.asyncDispose]())

  it('is decided by project: a token sees its own, and nothing of who is elsewhere', async () => {
    const [mine, theirs] = [await makeProject(inside, 'mine'), await makeProject(inside, 'theirs')]
    const [own, other] = [await makeEstate(inside, mine), await makeEstate(inside, theirs)]
    await share(inside, other, own)
    const token = await makeToken(inside, { name: 'auditor', role: 'admin', project: mine })
    const foreign = await makeToken(inside, { name: 'foreign', role: 'admin', project: theirs })
    await inside.call('PUT', `/v1/networks/${other.network}/policy`, {
      token: foreign,
      body: { default: 'deny', rules: [] },
    })
    const seen = await inside.call('GET', '/v1/audit?limit=1000', { token })
    assert.equal(seen.status, 200)
    for (const id of [
      other.project,
      other.member,
      other.idle,
      other.joinToken,
      other.apiToken,
      'theirs',
      'foreign',
    ]) {
      assert.ok(!seen.text.includes(id), `${id} is another project's`)
    }
    assert.ok(seen.text.includes(own.member) && seen.text.includes(own.apiToken))
    for (const { actor, origin } of seen.body.items) {
      if (actor === 'another project')
        assert.deepEqual(origin, { via: 'hidden', address: null, requestId: null })
    }
    const wide = await inside.call('GET', '/v1/audit?allProjects=true', { token })
    assert.deepEqual([wide.status, wide.body.field], [403, 'allProjects'])
    const all = await inside.call('GET', '/v1/audit?allProjects=true&limit=1000')
    assert.ok([own, other].every(({ member }) => all.text.includes(member)))
    const one = await inside.call('GET', '/v1/audit?project=mine&limit=1000')
    assert.ok(one.text.includes(own.member) && !one.text.includes(other.member))
  })

  it('holds no secret, no hash of one, and no sealed key', async () => {
    const project = await makeProject(inside, 'secrets')
    const estate = await makeEstate(inside, project)
    const made = await inside.call('POST', '/v1/api-tokens?project=secrets', {
      body: { name: 'x', role: 'viewer' },
    })
    const join = await inside.call('POST', '/v1/tokens?project=secrets', { body: {} })
    const { text } = await inside.call('GET', '/v1/audit?allProjects=true&limit=1000')
    const { state } = inside
    const member = state.networks.get(estate.network)?.members.get(estate.member)
    const secrets = [
      made.body.token,
      join.body.token,
      member?.sealedKey,
      state.authority?.wrappedSeed,
      state.authority?.wrappedCertificateKey,
      ...state.apiTokens.map(({ hash }) => hash).values(),
      ...state.joinTokens.map(({ hash }) => hash).values(),
      inside.token,
    ]
    for (const secret of secrets) {
      assert.ok(secret)
      assert.ok(!text.includes(secret))
    }
  })

  it('tells of a bulk change how much of it is left out', async () => {
    const project = await makeProject(inside, 'bulk')
    const { network } = await makeEstate(inside, project)
    const nodes = []
    for (let count = 0; count < 120; count++) nodes.push(await enrol(inside, project))
    await inside.call('POST', `/v1/networks/${network}/members/batch?project=bulk`, { body: { add: nodes } })
    const { items } = (await inside.call('GET', '/v1/audit?limit=1&project=bulk')).body
    const [{ events, changes, changesOmitted, what }] = items
    assert.deepEqual([events, changes.length, changesOmitted, what.length], [120, 100, 20, 20])
  })

  it('has what the transit is about for global tokens only', async () => {
    const project = await makeProject(inside, 'relays')
    const { member } = await makeEstate(inside, project)
    await inside.change((state, tools) => setRoles(state, tools, member, ['relay']))
    const { transit } = inside.state
    assert.ok(transit)
    const token = await makeToken(inside, { name: 'r', role: 'admin', project })
    const seen = await inside.call('GET', '/v1/audit?limit=1000&action=network-created', { token })
    assert.ok(!seen.text.includes('weft-transit'))
    const all = await inside.call('GET', '/v1/audit?limit=1000&allProjects=true&action=network-created')
    assert.ok(all.text.includes('weft-transit'))
  })
})
