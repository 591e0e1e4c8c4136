import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { parseSite } from '../../src/log/redis/address.ts'
import { isMajority, locate, type Voice } from '../../src/log/redis/place.ts'
import { type Fake, list, serverThat } from './fake.ts'

/** All are gone by what is said of them, so that nobody asks there. */
const OWNER = 'o 10.0.0.1:6379@16379 master,fail - 0 0 7 connected 0-16383'
const replica = (id: string, at: number) => `${id} 10.0.0.${at}:6379@16379 slave,fail o 0 0 7 connected`

it('in a Cluster every replica of which any node knows has to have a change', async () => {
  await using one = await nodeThatSays([OWNER, replica('a', 3)])
  await using two = await nodeThatSays([OWNER, replica('b', 2), replica('a', 3)])
  await using old = await nodeThatSays(['p 10.0.0.9:6379@16379 master,fail - 0 0 6 connected 0-16383'])
  const urls = [one, two, old].map(({ port }) => `redis+cluster://127.0.0.1:${port}`)
  const [first, second, third] = [one, two, old].map(placeOf)
  assert.deepEqual(await locate(parseSite(urls), 'weft:test'), {
    primary: { host: '10.0.0.1', port: 6379 },
    promotable: ['10.0.0.2:6379', '10.0.0.3:6379'],
    bystanders: [],
    heard: [first, second].map((name = '') => ({ name, id: name })),
    unheard: [third],
    voices: 0,
    nodes: [],
  })
})

it('in a Cluster all nodes are asked of which the named ones know, and are there, once each', async () => {
  const told: [string[], string[], string[]] = [[], [], []]
  const [one, other, dead] = await Promise.all([
    nodeThatSays(told[0]),
    nodeThatSays(told[1]),
    nodeThatSays(told[2]),
  ])
  await using _ = one
  await using __ = other
  await dead[Symbol.asyncDispose]()
  const at = ({ port }: Fake, flags: string, rest = '0 0 7 connected') =>
    `${port} 127.0.0.1:${port}@1 ${flags} ${rest}`
  const gone = [
    'x 127.0.0.1:1@1 slave,noaddr - 0 0 1 connected',
    'y 127.0.0.1:2@1 handshake - 0 0 1 connected',
  ]
  for (const [index, self] of [one, other].entries())
    told[index]?.push(
      at(one, self === one ? 'myself,master' : 'master', '- 0 0 7 connected 0-16383'),
      at(other, self === other ? 'myself,slave' : 'slave', `${one.port} 0 0 7 connected`),
      at(dead, 'slave', `${one.port} 0 0 7 connected`),
      ...gone,
    )
  const { heard, unheard, voices } = await locate(parseSite([`redis+cluster://127.0.0.1:${one.port}`]), 'tag')
  assert.deepEqual([namesOf(heard), unheard, voices], [[placeOf(one), placeOf(other)], [placeOf(dead)], 3])
  // By a name that nobody there has for it.
  const named = await locate(parseSite([`redis+cluster://localhost:${one.port}`]), 'tag')
  assert.deepEqual(namesOf(named.heard), [`localhost:${one.port}`, placeOf(other)])
})

it('in a Cluster a replica at whose address another answers by now goes by its id, and a primary is nowhere', async () => {
  const told: [string[], string[]] = [[], []]
  await using one = await nodeThatSays(told[0], 'no')
  await using other = await nodeThatSays(told[1], 'no')
  const at = ({ port }: Fake, flags: string, rest: string) => `${port} 127.0.0.1:${port}@1 ${flags} ${rest}`
  const site = parseSite([one, other].map(({ port }) => `redis+cluster://localhost:${port}`))
  const say = (lost: string) => {
    const isOwner = lost.startsWith('master')
    const slots = isOwner ? '' : ' 0-16383'
    for (const [index, self] of [one, other].entries())
      told[index]?.splice(
        0,
        9,
        at(one, self === one ? 'myself,master' : 'master', `- 0 0 7 connected${slots}`),
        at(other, self === other ? 'myself,slave' : 'slave', `${one.port} 0 0 7 connected`),
        `lost :0@0 ${lost}`,
      )
  }
  say(`slave,noaddr ${one.port} 0 0 7 disconnected`)
  const { promotable } = await locate(site, 'tag')
  assert.deepEqual(promotable, [placeOf(other), 'node lost'])
  say('master,noaddr - 0 0 8 disconnected 0-16383')
  await assert.rejects(locate(site, 'tag'), { code: 'store-unavailable', message: /knows where the log is/ })
})

it('in a Cluster each node that runs says itself whether it roams; one that is gone by all that is said need not', async () => {
  const told: [string[], string[]] = [[], []]
  await using settled = await nodeThatSays(told[0], 'no')
  await using roams = await nodeThatSays(told[1], 'yes')
  const at = ({ port }: { readonly port: number }, flags: string, rest = '- 0 0 7 connected') =>
    `${port} 127.0.0.1:${port}@1 ${flags} ${rest}`
  const others = [at({ port: 1 }, 'slave'), at({ port: 2 }, 'slave,fail?'), at({ port: 3 }, 'master,fail')]
  const slots = '- 0 0 7 connected 0-16383'
  told[0].push(at(settled, 'myself,master', slots), at(roams, 'slave'), ...others)
  told[1].push(at(settled, 'master', slots), at(roams, 'myself,slave'), ...others)
  const { nodes } = await locate(parseSite([`redis+cluster://127.0.0.1:${settled.port}`]), 'tag')
  assert.deepEqual(
    nodes.map(({ name, isRoaming }) => [name, isRoaming]),
    [
      [placeOf(settled), false],
      [placeOf(roams), true],
      ['127.0.0.1:1', undefined],
    ],
  )
})

it('a Sentinel that was reset, and one that knows others, say how many there are', async () => {
  const says = (more: object) => sentinelThatSays({ known: 1, primary: 1, epoch: 7, replicas: [2], ...more })
  await using reset = await says({ others: 0, quorum: 2 })
  await using knows = await says({ others: 4, quorum: 2 })
  assert.equal((await locate(siteOf([reset]), 'weft:test')).voices, 2)
  assert.equal((await locate(siteOf([reset, knows]), 'weft:test')).voices, 5)
})

it('one Sentinel, or node of a Cluster, that is named twice is one voice', async () => {
  await using sentinel = await sentinelThatSays({ known: 1, primary: 1, epoch: 7, replicas: [2] })
  await using node = await nodeThatSays(['o 10.0.0.1:6379@16379 myself,master - 0 0 7 connected 0-16383'])
  const urls = {
    sentinel: ['localhost', '127.0.0.1'].map((host) => `redis+sentinel://${host}:${sentinel.port}/weft`),
    cluster: ['localhost', '127.0.0.1'].map((host) => `redis+cluster://${host}:${node.port}`),
  }
  for (const [first = '', ...others] of Object.values(urls)) {
    const found = await locate(parseSite([first, first, ...others]), 'weft:test')
    assert.deepEqual([found.heard.length, found.unheard], [1, []])
    assert.equal(isMajority({ ...found, voices: 3 }), false)
  }
})

for (const [who, at] of [
  ['first', 0],
  ['last', 2],
] as const)
  it(`the Sentinel that leads a failover and is asked ${who} is no reason to go to the old primary, which has to have a change too`, async () => {
    const stack = new AsyncDisposableStack()
    await using _ = stack
    const leads = sentinelThatSays({ known: 1, primary: 2, epoch: 8, replicas: [2, 3] })
    const others = [1, 2].map(() => sentinelThatSays({ known: 2, primary: 2, epoch: 8, replicas: [1, 3] }))
    const all = (await Promise.all([...others.toSpliced(at, 0, leads)])).map((one) => stack.use(one))
    const expected = {
      primary: { host: '10.0.0.2', port: 6379 },
      promotable: ['10.0.0.1:6379', '10.0.0.3:6379'],
      bystanders: [],
      unheard: [],
      voices: 3,
      nodes: [],
    }
    const found = await locate(siteOf(all), 'weft:test')
    assert.deepEqual({ ...found, heard: namesOf(found.heard) }, { ...expected, heard: all.map(placeOf) })
    // It is the only one that answers.
    const alone = all.slice(at, at + 1)
    const said = await locate(siteOf(alone), 'weft:test')
    assert.deepEqual({ ...said, heard: namesOf(said.heard) }, { ...expected, heard: alone.map(placeOf) })
  })

it('what a Sentinel says while it changes its mind is not put together', async () => {
  await using calm = await sentinelThatSays({ known: 1, primary: 1, epoch: 7, replicas: [2, 3] })
  await using torn = await sentinelThatSays({ known: 1, later: 2, primary: 2, epoch: 8, replicas: [1, 3] })
  await assert.rejects(locate(siteOf([torn]), 'weft:test'), /No Sentinel/)
  const { primary } = await locate(siteOf([calm, torn]), 'weft:test')
  assert.equal(primary.host, '10.0.0.1')
})

interface Opinion {
  /** The last number of the address by which it knows the primary, and every second time that it is asked. */
  readonly known: number
  readonly later?: number
  /** And to whom it sends clients. */
  readonly primary: number
  readonly epoch: number
  readonly replicas: readonly number[]
  /** How many other Sentinels it knows, and how many have to agree. */
  readonly others?: number
  readonly quorum?: number
}

function sentinelThatSays(opinion: Opinion): Promise<Fake> {
  const { known, later = known, primary, epoch, replicas, others = 2, quorum = 2 } = opinion
  let asked = 0
  const id = randomUUID()
  const count = ['num-other-sentinels', String(others), 'quorum', String(quorum)]
  const server = (at: number) => ['ip', `10.0.0.${at}`, 'port', '6379']
  return serverThat((command) => {
    if (/MYID/.test(command)) return `$${id.length}\r\n${id}\r\n`
    if (/GET-MASTER-ADDR/.test(command)) return list([`10.0.0.${primary}`, '6379'])
    if (/REPLICAS/.test(command))
      return `*${replicas.length}\r\n${replicas.map((at) => list([...server(at), 'slave-priority', '100'])).join('')}`
    return list([...server(asked++ % 2 === 0 ? known : later), 'config-epoch', String(epoch), ...count])
  })
}

function placeOf({ port }: Fake): string {
  return `127.0.0.1:${port}`
}

function namesOf(heard: readonly Voice[]): readonly string[] {
  return heard.map(({ name }) => name)
}

function siteOf(sentinels: readonly Fake[]) {
  return parseSite(sentinels.map(({ port }) => `redis+sentinel://127.0.0.1:${port}/weft`))
}

/** @param roams what it says of its settings; undefined: nothing that could be read */
function nodeThatSays(lines: readonly string[], roams?: string): Promise<Fake> {
  return serverThat((command) => {
    const nodes = lines.join('\n')
    if (/CONFIG/.test(command) && roams !== undefined) return list(['cluster-allow-replica-migration', roams])
    return /KEYSLOT/.test(command) ? ':42\r\n' : `$${nodes.length}\r\n${nodes}\r\n`
  })
}
