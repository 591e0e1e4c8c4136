import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../rig.ts'
import { type CallOptions, Place } from './fixture.ts'

const OPEN = { default: 'allow', rules: [] }
const WEB_TO_DB = { from: 'role=web', to: 'role=db', protocols: ['tcp'], ports: [5_432, '8000-8100'] }

describe('a policy over REST', () => {
  let place: Place
  const ids = new Map<string, string>()
  before(async () => {
    place = await Place.open()
    for (const [name, role] of [
      ['web-1', 'web'],
      ['web-2', 'web'],
      ['db-1', 'db'],
    ] as const)
      ids.set(name, await place.enrol(name, { role }))
    await place.post('/v1/networks', { name: 'demo' })
    for (const node of ids.keys()) await place.post('/v1/networks/demo/members', { node })
  })
  after(() => place[Symbol.asyncDispose]())

  const put = (body: unknown, options: CallOptions = {}, query = '') =>
    place.call('PUT', `/v1/networks/demo/policy${query}`, { ...options, body })
  const get = () => place.get('/v1/networks/demo/policy')
  const linksOf = async () => (await place.get('/v1/networks/demo/graph')).body.links.length
  const paths = async (from: string, to: string) =>
    (await place.get(`/v1/networks/demo/paths?from=${from}&to=${to}`)).body

  it('allows everything until somebody sets one, and is answered whole, with an ETag of each version', async () => {
    const first = await get()
    assert.deepEqual([first.status, first.body], [200, OPEN])
    const policy = { default: 'deny', rules: [WEB_TO_DB, { from: '*', to: 'db-1' }] }
    const set = await put(policy)
    assert.equal(set.status, 200)
    const rules = [WEB_TO_DB, { from: '*', to: ids.get('db-1') }]
    assert.deepEqual(set.body, { default: 'deny', rules })
    const read = await get()
    assert.deepEqual([read.body, read.headers.etag], [set.body, set.headers.etag])
    assert.notEqual(read.headers.etag, first.headers.etag)
    assert.deepEqual((await put(read.body)).headers.etag, read.headers.etag)
  })

  it('is set only over the version that was read, where the caller says which', async () => {
    const { etag } = (await get()).headers
    assert.equal((await put(OPEN, { headers: { 'if-match': '"0.0"' } })).status, 412)
    const refused = await put(OPEN, { headers: { 'if-match': '"1.1"' } })
    assert.deepEqual([refused.body.code, refused.body.field], ['precondition-failed', 'if-match'])
    assert.equal((await put(OPEN, { headers: { 'if-match': String(etag) } })).status, 200)
    assert.equal((await put(OPEN, { headers: { 'if-match': String(etag) } })).status, 412)
    assert.equal((await put(OPEN, { headers: { 'if-match': '*' } })).status, 200)
  })

  it('is not set over that of another network which has the name by now', async () => {
    const again = '/v1/networks/passing'
    const make = () => place.post('/v1/networks', { name: 'passing' })
    await make()
    const { etag: old } = (await place.get(`${again}/policy`)).headers
    await place.call('DELETE', again)
    await make()
    const { etag } = (await place.get(`${again}/policy`)).headers
    assert.notEqual(etag, old)
    const change = (tag: unknown) =>
      place.call('PUT', `${again}/policy`, { body: OPEN, headers: { 'if-match': String(tag) } })
    assert.equal((await change(old)).status, 412)
    assert.equal((await change(etag)).status, 200)
    await place.call('DELETE', again)
  })

  it('tells in a dry run which links would go and come, and changes nothing', async () => {
    await put(OPEN)
    const { sequence } = place.controller.state
    const dry = await put({ default: 'deny', rules: [WEB_TO_DB] }, {}, '?dryRun=true')
    assert.equal(dry.status, 200)
    const ends = [ids.get('web-1'), ids.get('web-2')].sort()
    assert.equal(dry.body.disappear.count, 1)
    assert.deepEqual([dry.body.disappear.links[0].a, dry.body.disappear.links[0].b], ends)
    assert.equal(dry.body.appear.count, 0)
    assert.equal(place.controller.state.sequence, sequence)
    assert.equal(await linksOf(), 3)
    await put({ default: 'deny', rules: [WEB_TO_DB] })
    assert.equal(await linksOf(), 2)
    assert.equal((await put(OPEN, {}, '?dryRun=true')).body.appear.count, 1)
  })

  it('goes on with no dry run whose caller has hung up', async (context) => {
    let signal: AbortSignal | undefined
    context.mock.method(place.controller, 'rehearse', async (_: unknown, gone: AbortSignal) => {
      signal = gone
      await once(gone, 'abort')
      throw gone.reason
    })
    const caller = new AbortController()
    const asked = put(OPEN, { signal: caller.signal }, '?dryRun=true')
    await eventually('it is under way', () => signal)
    assert.equal(signal?.aborted, false)
    caller.abort()
    await assert.rejects(asked, { name: 'AbortError' })
    await eventually('it is over', () => signal?.aborted)
  })

  it('works out few dry runs of a token at once, and decides nothing for more', async (context) => {
    const waiting: (() => void)[] = []
    const rehearse = place.controller.rehearse.bind(place.controller)
    context.mock.method(place.controller, 'rehearse', async (...asked: Parameters<typeof rehearse>) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      await promise
      return rehearse(...asked)
    })
    const dry = () => put(OPEN, {}, '?dryRun=true')
    const asked = Array.from({ length: 6 }, dry)
    await eventually('four are under way', () => waiting.length === 4)
    for (const { status, headers } of await Promise.all([dry(), dry()]))
      assert.deepEqual([status, Number(headers['retry-after']) > 0], [429, true])
    for (const go of waiting) go()
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort()
    assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429])
    const again = dry()
    await eventually('there is room again', () => waiting.length === 5)
    waiting.at(-1)?.()
    assert.equal((await again).status, 200)
  })

  it('shows in the explanation of a pair what each may open, and why two that may nothing are no peers', async () => {
    await put({ default: 'deny', rules: [WEB_TO_DB] })
    const open = await paths('web-1', 'db-1')
    assert.deepEqual(
      open.directions.map(({ opens }: { opens: string }) => opens),
      ['tcp 5432, 8000-8100', 'nothing'],
    )
    const shut = await paths('web-1', 'web-2')
    assert.match(shut.sentences[0], /web-1 to web-2: none\. No rule of the policy permits/)
    assert.match(shut.sentences[2], /web-1 is selected by role=web/)
    assert.match(shut.advice[0], /weft policy set.*weft node label/)
    for (const { inUse, candidates, opens } of shut.directions)
      assert.deepEqual([inUse.kind, candidates, opens], ['none', [], 'nothing'])
  })

  it('follows the labels that an operator changes: others stay, null takes one away', async () => {
    await put({ default: 'deny', rules: [WEB_TO_DB] })
    const patch = (labels: unknown, node = 'web-2') =>
      place.call('PATCH', `/v1/nodes/${node}`, { body: { labels } })
    const changed = await patch({ role: 'db', rack: 'a1' })
    assert.deepEqual([changed.status, changed.body.labels], [200, { rack: 'a1', role: 'db' }])
    assert.match((await paths('web-1', 'web-2')).directions[0].opens, /tcp/)
    assert.deepEqual((await patch({ rack: null })).body.labels, { role: 'db' })
    const { sequence } = place.controller.state
    await patch({ role: 'db', rack: null })
    assert.equal(place.controller.state.sequence, sequence)
    await patch({ role: 'web' })
    assert.equal((await patch({ role: 'web' }, 'nope')).status, 404)
    for (const [labels, field] of [
      [{ role: 5 }, 'labels.role'],
      [{ '-x': 'y' }, 'labels.-x'],
      [undefined, 'labels'],
      [Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`l${at}`, ''])), 'labels'],
    ] as const) {
      const refused = await patch(labels)
      assert.deepEqual([refused.status, refused.body.field], [400, field], JSON.stringify(labels))
    }
  })

  it('names the rule and the field that cannot be understood, and changes nothing', async () => {
    const good = { from: '*', to: '*' }
    const sequence = () => place.controller.state.sequence
    const before = sequence()
    const cases: [rule: unknown, field: string, words: RegExp][] = [
      [{ from: 'web-9', to: '*' }, 'rules.1.from', /no node 'web-9'/],
      [{ from: '*', to: 'role=web,' }, 'rules.1.to', /no selector/],
      [{ from: '*', to: 'role=a,role=b' }, 'rules.1.to', /no selector/],
      [{ from: '*' }, 'rules.1.to', /missing/],
      [{ ...good, ports: [70_000] }, 'rules.1.ports.0', /no port/],
      [{ ...good, ports: [22, '90-80'] }, 'rules.1.ports.1', /no range/],
      [{ ...good, ports: ['ssh'] }, 'rules.1.ports.0', /no range/],
      [{ ...good, ports: [] }, 'rules.1.ports', /list/],
      [{ ...good, protocols: ['sctp'] }, 'rules.1.protocols.0', /tcp, udp, icmp/],
      [{ ...good, protocols: ['icmp'], ports: [22] }, 'rules.1.protocols', /icmp has none/],
      [{ ...good, action: 'deny' }, 'rules.1.action', /no field of this name/],
    ]
    for (const [rule, field, words] of cases) {
      const refused = await put({ default: 'deny', rules: [good, rule] })
      assert.deepEqual([refused.status, refused.body.field], [400, field], JSON.stringify(rule))
      assert.match(refused.body.detail, words)
    }
    assert.equal((await put({ default: 'maybe', rules: [] })).body.field, 'default')
    assert.equal((await put({ rules: [] })).body.field, 'default')
    assert.equal(
      (await put({ default: 'deny', rules: [{ ...good, ports: [70_000] }] }, {}, '?dryRun=true')).status,
      400,
    )
    assert.equal(sequence(), before)
  })

  it('is none of the transit, which the controller keeps, nor of a network that is not there', async () => {
    await place.post('/v1/nodes/web-1/roles', { roles: ['relay'] })
    const refused = await place.call('PUT', '/v1/networks/weft-transit/policy', { body: OPEN })
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden'])
    assert.equal((await place.get('/v1/networks/nope/policy')).status, 404)
  })
})
