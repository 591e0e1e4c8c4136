import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RawAgent } from '../rawagent.ts'
import { eventually } from '../rig.ts'
import { Place } from './fixture.ts'
import { Listener } from './listener.ts'

const PORT = 51_820

describe('live events', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    await place.post('/v1/networks', { name: 'demo' })
    await place.post('/v1/networks', { name: 'other' })
  })
  after(() => place[Symbol.asyncDispose]())

  const makeToken = async (network: string) =>
    (await place.post('/v1/tokens', { networks: [network], uses: 100 })).body.token
  const join = async (network: string, name: string) =>
    RawAgent.join(await makeToken(network), {
      name,
      url: `https://127.0.0.1:${place.port}`,
      facts: { addresses: ['203.0.113.9/24'], ports: [{ network: await idOf(network), port: PORT }] },
    })
  const idOf = async (network: string) => (await place.get(`/v1/networks/${network}`)).body.id

  it('tell each change once it is durable: who, what, and where in the log', async () => {
    using listener = await Listener.open(place)
    await listener.next('greeting', ({ event }) => event === 'hello')
    const metrics = (await place.get('/metrics')).text
    assert.match(metrics, /^weft_event_streams 1$/m)
    assert.match(metrics, /^weft_change_durable_seconds_count [1-9]/m)
    const { body } = await place.post('/v1/networks', { name: 'third' })
    const { id, data } = await listener.next('change', ({ event }) => event === 'change')
    assert.equal(id, place.controller.state.sequence)
    assert.deepEqual([data.sequence, data.actorName, data.networks], [id, 'first admin', [body.id]])
    assert.match(data.what[0], /^made network third, 10\.\d+\.0\.0\/16/)
  })

  it('are resumed without a gap and without a repetition', async () => {
    const start = place.controller.state.sequence
    for (const name of ['r1', 'r2', 'r3']) await place.post('/v1/networks', { name })
    using listener = await Listener.open(place, '', { 'last-event-id': String(start + 1) })
    await place.post('/v1/networks', { name: 'r4' })
    await listener.next('last one', ({ id }) => id === start + 4)
    assert.deepEqual(
      listener.of('change').map(({ id }) => id),
      [start + 2, start + 3, start + 4],
    )
    const ahead = await place.get('/v1/events', { headers: { 'last-event-id': '1000000' } })
    assert.deepEqual([ahead.status, ahead.body.field], [400, 'last-event-id'])
  })

  it('keep to the networks that were asked for', async () => {
    using listener = await Listener.open(place, '?network=demo')
    await listener.next('greeting', ({ event }) => event === 'hello')
    const node = await place.enrol('solo')
    await place.post('/v1/networks/other/members', { node })
    await place.post('/v1/networks/demo/members', { node })
    await listener.next('change', ({ event }) => event === 'change')
    await listener.next('graph', ({ event, data }) => event === 'graph' && data.nodes.length > 0)
    const demo = await idOf('demo')
    for (const { data } of listener.of('change')) assert.deepEqual(data.networks, [demo])
    for (const { data } of listener.of('graph')) assert.equal(data.network, demo)
    assert.equal((await place.get('/v1/events?network=nope')).status, 404)
    assert.equal((await place.get('/v1/events', { token: null })).status, 401)
  })

  it('tell of links and members what the graph says, as agents report it', async () => {
    using a = await join('demo', 'a')
    using b = await join('demo', 'b')
    using listener = await Listener.open(place, '?network=demo')
    await listener.next('greeting', ({ event }) => event === 'hello')
    const network = await idOf('demo')
    const peers = [{ node: b.node, endpoint: '203.0.113.9:51820', handshakeAge: 3, rxBytes: 10, txBytes: 20 }]
    a.send({ type: 'report', network, peers, drift: [] })
    const isBoth = (link: { a: string; b: string }) =>
      [a.node, b.node].every((end) => [link.a, link.b].includes(end))
    const { data } = await listener.next(
      'link',
      ({ event, data: { links } }) => event === 'graph' && links.some(isBoth),
    )
    const graph = (await place.get('/v1/networks/demo/graph?brief=true')).body
    const shown = graph.links.find(isBoth)
    const told = data.links.find(isBoth)
    assert.ok(shown && told)
    assert.deepEqual({ ...told, handshakeAgeSeconds: 0 }, { ...shown, handshakeAgeSeconds: 0 })
    assert.deepEqual([told.state, told.path], ['up', 'direct'])
    b[Symbol.dispose]()
    await listener.next(
      'b is offline',
      ({ event, data: { nodes } }) =>
        event === 'graph' &&
        nodes.some((node: { id: string; online: boolean }) => node.id === b.node && !node.online),
    )
    await place.delete('/v1/networks/demo/members/b')
    const gone = await listener.next(
      'b is gone',
      ({ event, data: { gone: ids } }) => event === 'graph' && ids.includes(b.node),
    )
    assert.equal(gone.data.revision, (await place.get('/v1/networks/demo')).body.revision)
  })

  it('cut off a client that takes nothing, without keeping what it does not take, and it can resume', async () => {
    const start = place.controller.state.sequence
    using listener = await Listener.open(place)
    await listener.next('greeting', ({ event }) => event === 'hello')
    listener.response.socket.pause()
    // More than the buffers of both kernels and of the process hold.
    const { body } = await place.post('/v1/nodes/solo/roles', { roles: ['gateway'] })
    for (let turn = 0; turn < 40; turn++) {
      await Promise.all(
        Array.from({ length: 100 }, () =>
          place.controller.change({ actor: 'x'.repeat(3_000) }, () => ({
            events: [{ type: 'node-roles-set', id: body.id, roles: ['gateway'] }],
            result: undefined,
          })),
        ),
      )
    }
    await eventually('it is cut off', () => place.log.includes('cut off: it takes nothing'), 30_000)
    const last = place.controller.state.sequence
    const ids: number[] = []
    // On a busy machine this process may be too slow for itself, and be cut off again.
    for (let tries = 0; ids.at(-1) !== last && tries < 10; tries++) {
      using again = await Listener.open(place, '', { 'last-event-id': String(ids.at(-1) ?? start) })
      const isOver = () => again.ended || again.heard.some(({ id }) => id === last)
      await eventually('the last one, or the end', isOver, 60_000)
      ids.push(...again.of('change').map(({ id = 0 }) => id))
    }
    assert.deepEqual(
      ids,
      Array.from({ length: last - start }, (_, at) => start + 1 + at),
    )
  })

  it('end when the controller stops, so that it need not wait for them', async () => {
    const other = await Place.open()
    using listener = await Listener.open(other)
    await listener.next('greeting', ({ event }) => event === 'hello')
    const begin = performance.now()
    await other[Symbol.asyncDispose]()
    assert.ok(performance.now() - begin < 4_000, 'it did not wait for its grace to end')
    await eventually('the client sees the end', () => listener.ended)
  })

  it('keep to the project of the token, and end when it is revoked', async () => {
    const { body: project } = await place.post('/v1/projects', { name: 'acme' })
    const { body: made } = await place.post('/v1/api-tokens?project=acme', { name: 'x', role: 'operator' })
    const { token } = made
    using listener = await Listener.open(place, '', { authorization: `Bearer ${token}` })
    await listener.next('greeting', ({ event }) => event === 'hello')
    await place.post('/v1/networks', { name: 'secret' })
    const { body: own } = await place.post('/v1/networks', { name: 'own' }, { token })
    await place.post('/v1/networks?project=acme', { name: 'from-above' })
    await listener.next('the last one', ({ data }) => data.what?.[0].includes('from-above'))
    const changes = listener.of('change').map(({ data }) => data)
    assert.deepEqual(
      changes.map(({ actorName, networks }) => [actorName, networks.length]),
      [
        ['x', 1],
        ['another project', 1],
      ],
    )
    assert.deepEqual(changes[0].networks, [own.id])
    await place.delete(`/v1/api-tokens/${made.id}?project=${project.id}`)
    await place.post('/v1/networks?project=acme', { name: 'later' })
    await eventually('the stream ends', () => listener.ended)
    assert.equal(JSON.stringify(listener.heard).includes('later'), false)
  })
})
