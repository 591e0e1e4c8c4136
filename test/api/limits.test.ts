import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Buckets } from '../../src/api/limits/buckets.ts'
import { Load } from '../../src/api/limits/load.ts'
import { Rehearsals } from '../../src/api/limits/rehearsals.ts'
import { Streams } from '../../src/api/limits/streams.ts'
import type { Clock } from '../../src/clock.ts'
import { eventually } from '../rig.ts'
import { Place } from './fixture.ts'
import { Inside } from './inside.ts'
import { Listener } from './listener.ts'

/** Time that stands still until it is moved; timers wait to be rung. */
class Stopped implements Clock {
  time = 0
  ring: () => void = () => undefined

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(_delay: number, action: () => void): () => void {
    this.ring = action
    return () => undefined
  }
}

describe('a bucket', () => {
  it('gives a burst, then as many as flow in, and says when there will be one again', () => {
    const clock = new Stopped()
    const buckets = new Buckets(clock)
    const take = (key = 'a') => buckets.take(key, { rate: 10, burst: 3 })
    assert.deepEqual([take(), take(), take(), take()], [0, 0, 0, 100])
    assert.equal(take('b'), 0, 'others have their own')
    clock.time = 99
    assert.ok(take() > 0)
    clock.time = 201
    assert.deepEqual([take(), take(), take() > 0], [0, 0, true])
    clock.time = 100_000
    assert.deepEqual([take(), take(), take(), take() > 0], [0, 0, 0, true])
  })

  it('is forgotten when very many others came after it, so that memory is bounded', () => {
    const buckets = new Buckets(new Stopped())
    const allowance = { rate: 1, burst: 1 }
    buckets.take('first', allowance)
    assert.ok(buckets.take('first', allowance) > 0)
    for (let at = 0; at < 50_001; at++) buckets.take(String(at), allowance)
    assert.equal(buckets.take('first', allowance), 0)
  })
})

describe('the load', () => {
  it('is too high when the loop is two seconds late five times in a row, until it is in time again', () => {
    const clock = new Stopped()
    using load = new Load(clock)
    const lookAfter = (milliseconds: number) => {
      clock.time += milliseconds
      clock.ring()
      return load.isTooHigh
    }
    const seen = [2_300, 2_300, 250, 2_300, 2_300, 2_300, 2_300, 2_300, 2_300, 2_200, 2_300].map(lookAfter)
    const expected = [false, false, false, false, false, false, false, true, true, false, false]
    assert.deepEqual(seen, expected)
  })
})

describe('dry runs', () => {
  it('are few at once: of a token, of a project, and of all', () => {
    const rehearsals = new Rehearsals()
    const take = (token: string, project: string | undefined, count: number) =>
      Array.from({ length: count }, () => rehearsals.take(token, project))
    const refused = (code: string, token: string, project?: string) =>
      assert.throws(() => rehearsals.take(token, project), { code })
    const [first] = take('a', 'p', 4)
    refused('too-many-requests', 'a', 'p')
    take('b', 'p', 4)
    refused('too-many-requests', 'c', 'p')
    take('d', undefined, 4)
    refused('too-many-requests', 'd')
    take('e', 'q', 4)
    refused('overloaded', 'f')
    first?.[Symbol.dispose]()
    take('f', undefined, 1)
  })
})

describe('live events', () => {
  it('leave room for others, however many one token or one project asks for', () => {
    const streams = new Streams()
    const open = (token: string, project: string | undefined, count: number) =>
      Array.from({ length: count }, () => streams.take(token, project))
    const refused = (code: string, token: string, project?: string) =>
      assert.throws(() => streams.take(token, project), { code })
    const [first] = open('a', 'p', 50)
    refused('too-many-requests', 'a', 'p')
    for (const token of ['b', 'c', 'd']) open(token, 'p', 50)
    refused('too-many-requests', 'e', 'p')
    first?.[Symbol.dispose]()
    open('a', 'p', 1)
    for (let at = 0; at < 16; at++) open(`other-${at}`, at < 4 ? 'q' : undefined, 50)
    assert.equal(streams.size, 1_000)
    refused('unavailable', 'last')
  })

  it('answer a token that has its share with 429 and advice, and others as ever', async () => {
    await using place = await Place.open()
    const { secret: token } = await place.apiToken('greedy', { role: 'viewer' })
    const listen = () => Listener.open(place, '', { authorization: `Bearer ${token}` })
    const all = await Promise.all(Array.from({ length: 50 }, listen))
    const { status, body, headers } = await place.get('/v1/events', { token })
    assert.deepEqual([status, body.code, headers['retry-after']], [429, 'too-many-requests', '5'])
    assert.match(body.advice, /Close some/)
    using other = await Listener.open(place)
    await other.next('greeting', ({ event }) => event === 'hello')
    for (const one of all) one[Symbol.dispose]()
    await eventually('there is room again', async () => {
      using again = await listen()
      return again.response.statusCode === 200
    })
  })
})

describe('REST', () => {
  it('refuses a token that asks too much, with the time to wait, and nobody else', async () => {
    await using inside = await Inside.open({ requestsPerSecond: 1 })
    const { body } = await inside.call('POST', '/v1/api-tokens', { body: { name: 'x', role: 'viewer' } })
    const ask = (token: string) => inside.call('GET', '/v1/networks', { token })
    const answers = []
    for (let at = 0; at < 12; at++) answers.push(await ask(body.token))
    const refused = answers.find(({ status }) => status === 429)
    assert.equal(refused?.body.code, 'too-many-requests')
    assert.match(String(refused?.headers['retry-after']), /^[1-9]\d*$/)
    assert.equal((await ask(inside.token)).status, 200)
    assert.deepEqual(await refusals(inside), [0, 0, answers.filter(({ status }) => status === 429).length])
  })

  it('refuses an address that guesses tokens, but not who has one behind the same address', async () => {
    await using inside = await Inside.open({ strangerRequestsPerSecond: 1 })
    const guess = () => inside.call('GET', '/v1/networks', { token: 'weft_guess' })
    const statuses = []
    for (let at = 0; at < 12; at++) statuses.push((await guess()).status)
    assert.deepEqual([statuses[0], statuses.at(-1)], [401, 429])
    assert.equal((await inside.call('GET', '/v1/networks')).status, 200)
    assert.deepEqual(await refusals(inside), [0, statuses.filter((status) => status === 429).length, 0])
  })

  it('gives way to agents when the loop is late, and still answers supervisors', async (context) => {
    context.mock.getter(Load.prototype, 'isTooHigh', () => true)
    await using inside = await Inside.open()
    const { status, body, headers } = await inside.call('GET', '/v1/networks')
    assert.deepEqual([status, body.code, headers['retry-after']], [503, 'overloaded', '1'])
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      assert.equal((await inside.call('GET', path)).status, 200, path)
    }
    assert.deepEqual(await refusals(inside), [1, 0, 0])
  })
})

/** What is counted as refused: for overload, by address, by token. */
async function refusals(inside: Inside): Promise<number[]> {
  const { text } = await inside.call('GET', '/metrics')
  return ['overload', 'address', 'token'].map((reason) =>
    Number(new RegExp(`^weft_requests_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1]),
  )
}
