import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get, type RequestOptions, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { LEASE } from '../../src/log/redis/scripts/lease.ts'
import { sealSnapshot } from '../../src/log/snapshot.ts'
import { type Helper, startHelper } from '../bench/helper.ts'
import { report, runs } from '../chaos/runs.ts'
import { appendAll, change } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { ProcessFleet } from './processes.ts'
import { startSingle } from './site.ts'
import type { WriterCalls } from './writer-process.ts'
import { optionsFor } from './writers.ts'

const WRITER = fileURLToPath(new URL('writer-process.ts', import.meta.url))
const DUTY = 'a-duty'
const LEASE_MS = 1_000

describe('A controller that stands still for longer than its lease', () => {
  it('finds its duty with another and goes on, and nothing is lost', async () => {
    await using site = await startSingle()
    await using stack = new AsyncDisposableStack()
    const writers: Helper<WriterCalls>[] = []
    for (const name of ['a', 'b', 'c']) {
      const writer = stack.use(await startHelper<WriterCalls>(WRITER))
      const options = { urls: site.urls, realm: 'test', level: 'strict', writer: randomUUID() } as const
      await writer.call('start', options, name)
      writers.push(writer)
    }
    const pauses = runs(1, 20)
    for (let pause = 0; pause < pauses; pause++) {
      const [still, other] = [writers[pause % 3], writers[(pause + 1) % 3]]
      assert.ok(still && other)
      await going(still)
      await eventually('it gets the duty', () => still.call('lease', DUTY, LEASE_MS), 10_000)
      process.kill(still.pid, 'SIGSTOP')
      try {
        await eventually('another gets the duty', () => other.call('lease', DUTY, LEASE_MS * 3), 10_000)
        await going(other)
        await wait(runs(500, 6_000))
      } finally {
        process.kill(still.pid, 'SIGCONT')
      }
      await going(still)
    }
    const figures = await Promise.all(writers.map((writer) => writer.call('stop')))
    let found = 0
    for (const writer of writers) found += await writer.call('check')
    const acknowledged = figures.reduce((sum, one) => sum + (one?.acknowledged ?? 0), 0)
    report('controller stopped for longer than its lease, with changes under way', {
      pauses,
      acknowledged,
      lost: acknowledged - found,
    })
  })
})

describe('A call that waited in a controller that stood still', () => {
  it('is not made when its caller has gone, for it may have been told elsewhere that it cannot be', async () => {
    await using site = await startSingle()
    await using fleet = await ProcessFleet.start(site, { count: 2 })
    const [still] = fleet.controllers
    assert.ok(still)
    const make = (at: number, key: string, name: string) =>
      fleet.call(at, 'POST', '/v1/projects', { body: { name }, headers: { 'idempotency-key': key } })
    const caller = await Caller.to(still.port, fleet.token)
    process.kill(still.pid, 'SIGSTOP')
    try {
      await caller.leave('/v1/projects', { name: 'late' }, 'a-key')
      assert.equal((await make(1, 'another-key', 'late')).status, 201)
      assert.equal((await make(1, 'a-key', 'late')).status, 409)
      assert.equal((await fleet.call(1, 'DELETE', '/v1/projects/late?confirm=late')).status, 204)
    } finally {
      process.kill(still.pid, 'SIGCONT')
    }
    for (const name of ['one', 'two', 'three'])
      await eventually('it goes on', async () => (await make(0, name, name)).status === 201, 20_000)
    assert.equal((await fleet.call(0, 'GET', '/v1/projects/late')).status, 404, 'it was refused')
  })
})

describe('A duty', () => {
  it('is one controller’s at a time, of which what it does too late is refused', async () => {
    await using site = await startSingle()
    await using late = await openRedisLog(optionsFor(site, 'test'))
    await using other = await openRedisLog(optionsFor(site, 'test'))
    await appendAll(late, 1, 10)
    const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(9)))
    const old = sealSnapshot(late.head(), new Uint8Array([1]), signing)
    assert.equal(await late.lease(DUTY, 60_000), true)
    assert.equal(await other.lease(DUTY, 60_000), false)
    assert.equal(await late.lease(DUTY, 200), true, 'who has it keeps it, for as long as it says now')
    await eventually('it is free', () => other.lease(DUTY, 60_000))
    await other.refresh()
    await appendAll(other, 11, 20)
    await other.keepSnapshot(sealSnapshot(other.head(), new Uint8Array([2]), signing))
    // The other one woke up and still believes in its lease.
    await assert.rejects(late.append(10, change(99)), { code: 'conflict' })
    await assert.rejects(late.keepSnapshot(old), { code: 'conflict' })
    assert.equal(await late.lease(DUTY, 300), false)
    assert.deepEqual(
      (await other.snapshots()).map(({ sequence }) => sequence),
      [20],
    )
  })

  it('is given by no server that was not armed, and is still held after a restart of one', async () => {
    await using site = await startSingle()
    await using holder = await openRedisLog(optionsFor(site, 'test'))
    await appendAll(holder, 1, 3)
    assert.equal(await holder.lease(DUTY, 60_000), true)
    await holder[Symbol.asyncDispose]()
    await using other = await openRedisLog(optionsFor(site, 'test'))
    const { link } = other
    await site.server.call('HSET', '{weft:test}:meta', 'armed', '0'.repeat(40))
    await assert.rejects(link.run(LEASE, [DUTY, 'somebody', '1000']), {
      message: /not the one that was armed/,
    })
    await eventually(
      'it is armed again',
      () =>
        other.append(3, change(4)).then(
          () => true,
          () => false,
        ),
      10_000,
    )
    assert.equal(await other.lease(DUTY, 1_000), false, 'it is held by one that may come back')
  })
})

/** Waits until changes of this controller are acknowledged. */
async function going(writer: Helper<WriterCalls>): Promise<void> {
  const before = await writer.call('acknowledged')
  await eventually('its changes go', async () => (await writer.call('acknowledged')) > before + 20, 20_000)
}

/** Has a connection, for what is sent to one who cannot take a new one. */
class Caller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  readonly #options: RequestOptions

  private constructor(port: number, token: string) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    this.#options = { host: '127.0.0.1', port, agent: this.#agent, headers }
  }

  static async to(port: number, token: string): Promise<Caller> {
    const caller = new Caller(port, token)
    const [answer] = await once(get({ ...caller.#options, path: '/readyz' }), 'response')
    await text(answer)
    return caller
  }

  /** Sends a POST, and goes away. */
  async leave(path: string, body: object, key: string): Promise<void> {
    const headers = { ...this.#options.headers, 'idempotency-key': key }
    const sent = request({ ...this.#options, method: 'POST', path, headers }).on('error', () => undefined)
    sent.end(JSON.stringify(body))
    await once(sent, 'finish')
    assert.equal(sent.reusedSocket, true)
    this.#agent.destroy()
  }
}
