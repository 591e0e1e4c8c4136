import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RawAgent } from '../rawagent.ts'
import { eventually } from '../rig.ts'
import { type Answer, Place } from './fixture.ts'

const PORT = 51_820

describe('paths over REST', () => {
  let place: Place
  let demo: string
  const agents: Record<string, RawAgent> = {}
  before(async () => {
    place = await Place.open()
    demo = (await place.post('/v1/networks', { name: 'demo' })).body.id
    await join('relay', { addresses: ['203.0.113.1/24'] })
    await place.post('/v1/nodes/relay/roles', { roles: ['relay'] })
    await join('public', { addresses: ['203.0.113.9/24'] })
    const relays = [{ node: nodeOf('relay'), alive: true, rtt: 3 }]
    await join('hidden', { addresses: ['192.168.1.2/24'], relays })
    await join('far', { addresses: ['192.168.7.2/24'], mtu: 1_400, relays })
    await join('neighbour', { addresses: ['192.168.1.3/24'] }, { site: 'berlin' })
    await join('next-door', { addresses: ['192.168.1.4/24'] }, { site: 'berlin' })
    await place.enrol('outsider')
  })
  after(async () => {
    for (const agent of Object.values(agents)) agent[Symbol.dispose]()
    await place[Symbol.asyncDispose]()
  })

  async function join(name: string, facts: object, labels = {}): Promise<void> {
    const { token } = (await place.post('/v1/tokens', { networks: ['demo'], labels })).body
    const url = `https://127.0.0.1:${place.port}`
    const ports = [{ network: demo, port: PORT }]
    agents[name] = await RawAgent.join(token, { name, url, facts: { ports, ...facts } })
  }

  const nodeOf = (name: string) => agents[name]?.node ?? ''
  const paths = (from: string, to: string): Promise<Answer> =>
    place.get(`/v1/networks/demo/paths?from=${from}&to=${to}`)

  it('show both directions, from either end and by id too', async () => {
    const { status, body } = await paths('hidden', 'public')
    assert.equal(status, 200)
    assert.deepEqual([body.from, body.to], [nodeOf('hidden'), nodeOf('public')])
    const [there, back] = body.directions
    assert.deepEqual([there.from, there.to], [nodeOf('hidden'), nodeOf('public')])
    assert.deepEqual([back.from, back.to], [nodeOf('public'), nodeOf('hidden')])
    assert.deepEqual((await paths(nodeOf('hidden'), nodeOf('public'))).body, body)
    assert.deepEqual((await paths('public', 'hidden')).body.directions, [back, there])
  })

  it('show where to send, what keeps the way open and what fits through, and null where the other begins', async () => {
    const [there, back] = (await paths('hidden', 'public')).body.directions
    assert.deepEqual(there.candidates[0], {
      kind: 'direct',
      endpoint: `203.0.113.9:${PORT}`,
      via: null,
      keepalive: 25,
      mtu: 1_420,
    })
    assert.deepEqual(back.candidates[0], {
      kind: 'direct',
      endpoint: null,
      via: null,
      keepalive: 0,
      mtu: 1_420,
    })
    assert.deepEqual(there.inUse, { kind: 'none', via: null })
  })

  it('show the relay, and why nothing better is to be had', async () => {
    const { body } = await paths('hidden', 'far')
    const [{ candidates, rejected }] = body.directions
    assert.deepEqual(
      [candidates.length, candidates[0].kind, candidates[0].via],
      [1, 'relayed', nodeOf('relay')],
    )
    assert.match(candidates[0].endpoint, /^\[fd[0-9a-f:]+\]:51820$/)
    assert.deepEqual(
      rejected.map(({ kind }: { kind: string }) => kind),
      ['lan', 'direct', 'punched'],
    )
    assert.match(
      body.sentences[0],
      /^hidden to far: no path is confirmed; to be tried are relayed through relay\.$/,
    )
    assert.ok(body.advice.length > 0)
  })

  it('show what is in use as soon as an agent reports it', async () => {
    const [{ candidates }] = (await paths('far', 'hidden')).body.directions
    const peer = {
      node: nodeOf('hidden'),
      endpoint: candidates[0].endpoint,
      handshakeAge: 2,
      rxBytes: 1,
      txBytes: 2,
    }
    agents.far?.send({ type: 'report', network: demo, peers: [peer], drift: [] })
    const used = await eventually('it is in use', async () => {
      const [{ inUse }] = (await paths('far', 'hidden')).body.directions
      return inUse.kind === 'none' ? undefined : inUse
    })
    assert.deepEqual(used, { kind: 'relayed', via: nodeOf('relay') })
    const { links } = (await place.get('/v1/networks/demo/graph')).body
    const ends = [nodeOf('far'), nodeOf('hidden')]
    const link = links.find(({ a, b }: { a: string; b: string }) => ends.includes(a) && ends.includes(b))
    assert.deepEqual([link.path, link.via, link.state], ['relayed', nodeOf('relay'), 'up'])
    assert.match(link.reason, /far to hidden: relayed through relay, confirmed by a handshake\./)
  })

  it('show private endpoints to the operator, of members on one LAN', async () => {
    const [{ candidates }] = (await paths('neighbour', 'next-door')).body.directions
    assert.deepEqual([candidates[0].kind, candidates[0].endpoint], ['lan', `192.168.1.4:${PORT}`])
  })

  it('say why there is none at all between members of which nothing is known', async () => {
    await place.enrol('silent')
    await place.post('/v1/networks/demo/members', { node: 'silent' })
    const { body } = await paths('silent', 'neighbour')
    const [{ candidates, rejected }] = body.directions
    assert.deepEqual(candidates, [])
    assert.equal(rejected.length, 4)
    assert.deepEqual(body.advice, ["Look on silent whether its agent runs: 'weft doctor'."])
  })

  it('are not found when either end is no member, or there is no such network', async () => {
    for (const [from, to, what] of [
      ['outsider', 'public', /member 'outsider'/],
      ['public', 'outsider', /member 'outsider'/],
      ['nope', 'public', /member 'nope'/],
    ] as const) {
      const { status, body } = await paths(from, to)
      assert.deepEqual([status, body.code], [404, 'not-found'])
      assert.match(body.detail, what)
    }
    assert.equal((await place.get('/v1/networks/nope/paths?from=public&to=hidden')).status, 404)
  })

  const wrong: [what: string, query: string, field: string][] = [
    ['the same node twice', 'from=public&to=public', 'to'],
    ['one end only', 'from=public', 'to'],
    ['an end that can be no name', 'from=public&to=%2e%2e', 'to'],
    ['a parameter too many', 'from=public&to=hidden&via=relay', 'via'],
  ]
  for (const [what, query, field] of wrong) {
    it(`are refused for ${what}`, async () => {
      const { status, body } = await place.get(`/v1/networks/demo/paths?${query}`)
      assert.deepEqual([status, body.code, body.field], [400, 'invalid-input', field])
    })
  }

  it('are refused for the same node, once by name and once by id', async () => {
    const { status, body } = await paths('public', nodeOf('public'))
    assert.deepEqual([status, body.field], [400, 'to'])
  })

  it('are for operators only', async () => {
    const answer = await place.get('/v1/networks/demo/paths?from=public&to=hidden', { token: null })
    assert.equal(answer.status, 401)
  })
})
