import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Receiver, soon } from '../controller/receiver.ts'
import { RawAgent } from '../rawagent.ts'
import { type Document, documentOf, type Operation, operationsOf } from './document.ts'
import { Place } from './fixture.ts'

// biome-ignore lint/suspicious/noExplicitAny: items of every list
type Item = any

/** What a value of a filter keeps; what it keeps must be some of all. */
type Filter = readonly [value: string, isKept: (item: Item) => boolean]

interface List {
  readonly path: string
  /** Every filter that the document has needs a line. */
  readonly filters: Readonly<Record<string, Filter>>
  /** The field of an item that an order goes by, where it is called otherwise. */
  readonly fields?: Readonly<Record<string, string>>
}

/** Of every list, whatever it is of. */
const COMMON = ['limit', 'cursor', 'sort', 'project']

/** Every operation that answers with `items`, by its id. */
function listsOf(document: Document): Map<string, Operation> {
  const isList = ({ responses }: Operation) => {
    const schema = Object(responses[200]?.content?.['application/json']?.schema)
    const name = String(schema.$ref).split('/').at(-1) ?? ''
    return 'items' in Object(Object(document.components.schemas[name]).properties)
  }
  const found = [...operationsOf(document).values()].filter(isList)
  return new Map(found.map((operation) => [operation.operationId, operation]))
}

function choicesOf({ parameters = [] }: Operation, name: string): string[] {
  return Object(parameters.find((parameter) => parameter.name === name)?.schema).enum ?? []
}

function filtersOf({ parameters = [] }: Operation): string[] {
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  return names.filter((name) => !COMMON.includes(name))
}

describe('every list of REST', () => {
  let place: Place
  let receiver: Receiver | undefined
  let agent: RawAgent | undefined
  let operations: Map<string, Operation>
  let lists: Readonly<Record<string, List>>

  before(async () => {
    place = await Place.open({ webhookRanges: ['127.0.0.0/8'], webhookPlainHttp: true })
    receiver = await Receiver.open()
    operations = listsOf(await documentOf(place))
    const made = await furnish(place, receiver)
    ;({ agent } = made)
    lists = listsWith(made)
  })
  after(async () => {
    agent?.[Symbol.dispose]()
    await receiver?.[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  const all = async (path: string, query: Record<string, string>): Promise<Item[]> => {
    const answer = await place.get(`${path}?${new URLSearchParams({ limit: '1000', ...query })}`)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.next, undefined)
    return answer.body.items
  }

  const inPages = async (path: string, query: Record<string, string>): Promise<Item[]> => {
    const items: Item[] = []
    let cursor: Record<string, string> = {}
    for (let page = 0; page < 500; page++) {
      const parameters = new URLSearchParams({ ...query, ...cursor, limit: '2' })
      const { body } = await place.get(`${path}?${parameters}`)
      assert.ok(body.items.length <= 2)
      items.push(...body.items)
      if (body.next === undefined) return items
      cursor = { cursor: body.next }
    }
    throw new Error(`${path} does not end`)
  }

  const each = async (check: (list: List, operation: Operation, id: string) => Promise<void>) => {
    assert.deepEqual([...operations.keys()].sort(), Object.keys(lists).sort(), 'a list without a line here')
    for (const [id, operation] of operations) await check(lists[id] ?? assert.fail(id), operation, id)
  }

  it('goes on behind the longest name that there can be', async () => {
    const long = await Promise.all(['𠀁', '𠀀'].map((letter) => place.apiToken(letter.repeat(64))))
    const names = (await inPages('/v1/api-tokens', { sort: '-name', limit: '1' })).map(({ name }) => name)
    assert.deepEqual(
      names.slice(0, 2),
      ['𠀁', '𠀀'].map((letter) => letter.repeat(64)),
    )
    for (const { id } of long) await place.call('DELETE', `/v1/api-tokens/${id}`)
  })

  it('has a limit, a cursor, a next one, orders in both directions, and filters', async () => {
    assert.ok(operations.size >= 13)
    await each(async ({ filters }, operation, id) => {
      const names = (operation.parameters ?? []).map(({ name }) => name)
      for (const name of COMMON) assert.ok(name === 'project' || names.includes(name), `${id}: ${name}`)
      assert.ok(filtersOf(operation).length > 0, `${id} has no filter`)
      assert.deepEqual(filtersOf(operation).sort(), Object.keys(filters).sort(), id)
      const orders = choicesOf(operation, 'sort')
      for (const order of orders) {
        assert.ok(orders.includes(order.startsWith('-') ? order.slice(1) : `-${order}`), `${id}: ${order}`)
      }
    })
  })

  it('is in the order that is asked for, and in that which is said to be the usual one', async () => {
    await each(async ({ path, filters, fields = {} }, operation, id) => {
      // What shows but a part unless it is told otherwise.
      const query: Record<string, string> = filters.members ? { members: 'all' } : {}
      const [usual = ''] = choicesOf(operation, 'sort')
      assert.deepEqual(await all(path, query), await all(path, { ...query, sort: usual }), `${id} ${usual}`)
      for (const order of choicesOf(operation, 'sort').filter((name) => !name.startsWith('-'))) {
        const items = await all(path, { ...query, sort: order })
        assert.ok(items.length >= 3, `${id} needs more items to be seen in order`)
        const values = items.map((item) => item[fields[order] ?? order])
        assert.ok(!values.includes(undefined), `${id} shows nothing of ${order}`)
        assert.deepEqual(values, values.toSorted(compare), `${id} by ${order}`)
        assert.deepEqual(
          await all(path, { ...query, sort: `-${order}` }),
          items.toReversed(),
          `${id} -${order}`,
        )
      }
    })
  })

  it('keeps by each filter what it says, and nothing else', async () => {
    await each(async ({ path, filters }, _operation, id) => {
      for (const [name, [value, isKept]] of Object.entries(filters)) {
        const base: Record<string, string> = name === 'members' ? { members: 'all' } : {}
        const whole = await all(path, base)
        const kept = await all(path, { [name]: value })
        const isWider = name === 'allProjects'
        assert.ok(kept.length > 0, `${id}: ${name} keeps nothing`)
        if (isWider) assert.ok(kept.length > whole.length, `${id}: ${name} shows no more`)
        else {
          assert.ok(kept.length < whole.length, `${id}: ${name} leaves nothing out`)
          assert.deepEqual(kept, whole.filter(isKept), `${id}: ${name}`)
        }
      }
    })
  })

  it('comes in pages that join up to the whole, in every order and with every filter', async () => {
    await each(async ({ path, filters }, operation, id) => {
      for (const sort of choicesOf(operation, 'sort')) {
        assert.deepEqual(await inPages(path, { sort }), await all(path, { sort }), `${id} ${sort}`)
      }
      for (const [name, [value]] of Object.entries(filters)) {
        const query = { [name]: value }
        assert.deepEqual(await inPages(path, query), await all(path, query), `${id} ${name}`)
      }
    })
  })

  it('refuses a cursor that it never gave, and a filter that it does not have', async () => {
    await each(async ({ path }, _operation, id) => {
      for (const query of ['cursor=%00', 'colour=red', 'sort=colour']) {
        assert.equal((await place.get(`${path}?${query}`)).status, 400, `${id} ${query}`)
      }
    })
  })
})

interface Furniture {
  readonly agent: RawAgent
  readonly other: string
  readonly webhook: string
  readonly half: string
}

/** Some of everything, so that each order and each filter has something to tell apart. */
async function furnish(place: Place, receiver: Receiver): Promise<Furniture> {
  const made = async (path: string, body: unknown) => {
    const answer = await place.post(path, body)
    assert.ok(answer.status < 300, answer.text)
    return answer.body
  }
  const others = []
  for (const name of ['acme', 'beta', 'coral']) others.push((await made('/v1/projects', { name })).id)
  await made(`/v1/networks?project=acme`, { name: 'theirs' })
  const theirs = (await place.get('/v1/networks/theirs?project=acme')).body.id
  await place.call('PUT', `/v1/networks/${theirs}/grants/default?project=acme`)
  for (const name of ['north', 'demo', 'east'])
    await made('/v1/networks', { name, topology: name === 'east' ? 'hub' : 'mesh' })
  const nodes = ['web-2', 'db-1', 'web-1']
  for (const name of nodes) await place.enrol(name, { kind: name.slice(0, -2) })
  for (const node of nodes) await made('/v1/networks/demo/members', { node })
  await made('/v1/nodes/db-1/roles', { roles: ['gateway'] })
  for (const other of others) await place.call('PUT', `/v1/networks/demo/grants/${other}`)
  for (const [name, rest] of [
    ['reader', {}],
    ['global', { global: true }],
    ['writer', {}],
  ] as const)
    await made('/v1/api-tokens', { name, role: 'viewer', ...rest })
  const { token } = await made('/v1/tokens', { networks: ['demo'] })
  const agent = await RawAgent.join(token, { name: 'live', url: `https://127.0.0.1:${place.port}` })
  await soon(async () => assert.equal((await place.get('/v1/nodes/live')).body.online, true))
  for (const ttl of [7_200, 3_600]) await made('/v1/tokens', { ttlSeconds: ttl })
  const half = new Date(place.controller.now()).toISOString()
  for (const name of ['zulu', 'alfa']) await made('/v1/webhooks', { url: receiver.url, name, enabled: false })
  const webhook = (await made('/v1/webhooks', { url: receiver.url, name: 'mike' })).id
  receiver.refuse(500, 1)
  await made(`/v1/webhooks/${webhook}/test`, {})
  await place.delete('/v1/networks/demo/members/web-2')
  await place.delete('/v1/networks/demo/members/db-1')
  await made('/v1/networks/demo/members', { node: 'db-1' })
  const path = `/v1/webhooks/${webhook}/deliveries?state=delivered`
  await soon(async () => assert.equal((await place.get(path)).body.items.length, 3))
  const { network: id, epoch, revision } = (await place.get('/v1/networks/demo/convergence')).body
  await soon(async () => {
    agent.send({ type: 'applied', network: id, epoch, revision, digest: agent.view(id).digest(), took: 1 })
    const { members } = (await place.get('/v1/networks/demo/convergence?limit=0')).body
    assert.equal(members.applied, 1)
  })
  return { agent, other: others[1] ?? '', webhook, half }
}

function listsWith({ other, webhook, half }: Furniture): Readonly<Record<string, List>> {
  const named = (part: string): Filter => [part, ({ name }) => name.includes(part)]
  const later = ({ at }: Item) => at >= half
  const entries: List['filters'] = {
    node: ['db-1', (entry) => entry.what.some((text: string) => text.includes('db-1'))],
    actor: ['first admin', ({ actorName }) => actorName === 'first admin'],
    action: ['member-removed', ({ actions }) => actions.includes('member-removed')],
    since: [half, later],
    until: [half, (entry) => !later(entry)],
  }
  return {
    listErrors: { path: '/v1/errors', filters: { status: ['409', ({ status }) => status === 409] } },
    listProjects: { path: '/v1/projects', filters: { name: named('eta') } },
    listApiTokens: {
      path: '/v1/api-tokens',
      filters: { name: named('er'), global: ['true', ({ project }) => project === null] },
    },
    listNetworks: {
      path: '/v1/networks',
      filters: {
        name: named('o'),
        topology: ['hub', ({ topology }) => topology === 'hub'],
        shared: ['true', ({ name }) => name === 'theirs'],
      },
    },
    listGrants: {
      path: '/v1/networks/demo/grants',
      filters: { with: [other, ({ project }) => project === other] },
    },
    listMembers: {
      path: '/v1/networks/demo/members',
      filters: { name: named('b-1'), state: ['offline', ({ state }) => state === 'offline'] },
    },
    listNodes: {
      path: '/v1/nodes',
      filters: {
        name: named('web'),
        online: ['true', ({ online }) => online],
        role: ['gateway', ({ roles }) => roles.includes('gateway')],
        label: ['kind=web', ({ labels }) => labels.kind === 'web'],
      },
    },
    listTokens: { path: '/v1/tokens', filters: { usable: ['true', ({ uses }) => uses > 0] } },
    showConvergence: {
      path: '/v1/networks/demo/convergence',
      filters: { members: ['lagging', ({ state }) => state !== 'applied'] },
    },
    listHistory: { path: '/v1/networks/demo/history', filters: entries },
    listAudit: {
      path: '/v1/audit',
      filters: {
        ...entries,
        network: ['east', ({ what }) => what[0].startsWith('made network east')],
        allProjects: ['true', () => true],
      },
    },
    listWebhooks: {
      path: '/v1/webhooks',
      filters: { name: named('l'), enabled: ['false', ({ enabled }) => !enabled] },
    },
    listWebhookDeliveries: {
      path: `/v1/webhooks/${webhook}/deliveries`,
      filters: {
        state: ['failed', ({ state }) => state === 'failed'],
        type: ['ping', ({ type }) => type === 'ping'],
      },
    },
  }
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : Number(String(a) > String(b))
}
