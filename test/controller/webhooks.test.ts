import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { systemClock } from '../../src/clock.ts'
import { createProject } from '../../src/controller/commands/project.ts'
import {
  createWebhook,
  deleteWebhook,
  disableWebhook,
  type WebhookInput,
} from '../../src/controller/commands/webhook.ts'
import { History } from '../../src/controller/graph/history.ts'
import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { type ControllerSettings, controllerSettings } from '../../src/controller/settings.ts'
import type { Decision, Tools } from '../../src/controller/tools.ts'
import { Vault } from '../../src/controller/vault.ts'
import { SqliteDeliveries } from '../../src/controller/webhooks/deliveries.ts'
import { judge } from '../../src/controller/webhooks/patience.ts'
import { post } from '../../src/controller/webhooks/post.ts'
import { signatureHeaders } from '../../src/controller/webhooks/signature.ts'
import { assertUsableUrl, isPermitted } from '../../src/controller/webhooks/target.ts'
import { Webhooks } from '../../src/controller/webhooks/webhooks.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Log } from '../../src/log/log.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import type { ProjectId, WebhookId } from '../../src/model/names.ts'
import type { State } from '../../src/model/state.ts'
import { loadSettings } from '../../src/settings.ts'
import { scratch } from '../log/fixture.ts'
import { describeDeliveries } from './deliveries.ts'
import { Receiver, soon } from './receiver.ts'

const FAST = { webhookRanges: ['127.0.0.0/8'], webhookPlainHttp: true, webhookRetrySeconds: 0.02 }
const vault = new Vault(new SecretBytes(new Uint8Array(32).fill(7)), systemRandom)
/** Looks often at whose duty it is. For an answer it waits as long as ever: on a busy machine each may take a while. */
const hasty = {
  ...systemClock,
  after: (delay: number, action: () => void) =>
    systemClock.after(delay < ANSWER_LIMIT_MS ? 100 : delay, action),
}
const ANSWER_LIMIT_MS = 10_000
const quiet = pino({ level: 'silent' })

/** A log, its state, and any number of those who tell of it: what a controller is made of, as far as it matters here. */
class Bench implements AsyncDisposable {
  readonly settings: ControllerSettings
  readonly #dir: string
  readonly #log: Log
  readonly #ledger: Ledger
  readonly #history: History
  readonly #closing: AbortController
  readonly #open = new Set<Webhooks>()
  count = 0

  private constructor(
    dir: string,
    log: Log,
    ledger: Ledger,
    closing: AbortController,
    flags: Partial<ControllerSettings>,
  ) {
    this.#dir = dir
    this.#log = log
    this.#ledger = ledger
    this.#closing = closing
    this.settings = loadSettings(controllerSettings, { environment: {}, flags: { ...FAST, ...flags } })
    this.#history = new History(log, () => ledger.state)
    ledger.onEntry((entry, before, after) => {
      this.#history.remember(entry, before)
      for (const webhooks of this.#open) webhooks.onEntry(entry, after)
    })
  }

  static async open(dir: string, flags: Partial<ControllerSettings> = {}): Promise<Bench> {
    const log = await openSqliteLog(join(dir, 'log.db'))
    const closing = new AbortController()
    return new Bench(dir, log, await Ledger.open(log, closing.signal, () => undefined), closing, flags)
  }

  get state(): State {
    return this.#ledger.state
  }

  /** One that tells, as a controller of its own would have it. */
  tell(lease: Log['lease'] = async () => true) {
    const deliveries = new SqliteDeliveries(join(this.#dir, 'webhooks.db'))
    const webhooks = new Webhooks({
      store: Object.create(this.#log, {
        lease: { value: lease },
        head: { value: () => this.#log.head() },
        base: { value: () => this.#log.base() },
        read: { value: (from: number) => this.#log.read(from) },
      }),
      state: () => this.state,
      history: this.#history,
      deliveries,
      vault,
      settings: this.settings,
      clock: hasty,
      log: quiet,
      metrics: new Registry(),
      disable: (id, why) => this.change((state) => disableWebhook(state, id, why)),
    })
    this.#open.add(webhooks)
    return {
      webhooks,
      stop: async () => {
        this.#open.delete(webhooks)
        await webhooks[Symbol.asyncDispose]()
        deliveries[Symbol.dispose]()
      },
    }
  }

  async change<Result>(decide: (state: State, tools: Tools) => Decision<Result>): Promise<Result> {
    const request = { actor: 'test', operation: `op-${randomBytes(8).toString('hex')}`, at: Date.now() }
    const tools = { now: Date.now(), random: systemRandom, settings: this.settings }
    const outcome = await this.#ledger.change(request, (state) => decide(state, tools))
    if (outcome.repeated) throw new Error('unreachable')
    return outcome.result
  }

  /** A project, which is what these webhooks are told of: the entry of each begins with it. */
  async project(): Promise<ProjectId> {
    return this.change((state, tools) => createProject(state, tools, { name: `p${++this.count}` }))
  }

  async webhook(input: Omit<WebhookInput, 'project'> & { project: ProjectId }): Promise<WebhookId> {
    return (await this.change((state, tools) => createWebhook(state, tools, vault, input))).id
  }

  /** Something that happens in a project: another webhook of it, which tells nobody anything. */
  async happen(project: ProjectId): Promise<number> {
    await this.webhook({ project, url: 'https://example.org', enabled: false })
    return this.state.sequence
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#log[Symbol.asyncDispose]()
  }
}

const sequences = ({ received }: Receiver) => received.map(({ body }) => body.data.sequence)

describe('a webhook', () => {
  it('is told of each change of its project, in order, and of nothing else', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path)
    await using receiver = await Receiver.open()
    const [mine, other] = [await bench.project(), await bench.project()]
    const { stop } = bench.tell()
    await bench.webhook({ project: mine, url: receiver.url })
    const wanted: number[] = []
    for (let round = 0; round < 5; round++) {
      wanted.push(await bench.happen(mine))
      await bench.happen(other)
    }
    await soon(() => assert.deepEqual(sequences(receiver), wanted))
    const [first] = receiver.received
    assert.deepEqual([first?.body.type, first?.body.data.actions], ['change', ['webhook-created']])
    assert.equal(first?.body.data.project, mine)
    await stop()
  })

  it('is told again what it did not take, with the same id, and of nothing later before that', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path)
    await using receiver = await Receiver.open()
    const project = await bench.project()
    const { webhooks, stop } = bench.tell()
    const id = await bench.webhook({ project, url: receiver.url })
    receiver.refuse(503, 3)
    const wanted = [await bench.happen(project), await bench.happen(project)]
    await soon(() => assert.equal(receiver.received.length, 5))
    assert.deepEqual(sequences(receiver), [wanted[0], wanted[0], wanted[0], wanted[0], wanted[1]])
    assert.equal(new Set(receiver.ids).size, 2)
    await soon(async () => {
      const states = (await webhooks.recent(id)).map(({ state, attempts, status }) => [
        state,
        attempts,
        status,
      ])
      assert.deepEqual(states, [
        ['delivered', 1, 204],
        ['delivered', 4, 204],
      ])
    })
    await stop()
  })

  it('gives a message up that is always answered with an error, and goes on with the next', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path, { webhookAttempts: 3 })
    await using receiver = await Receiver.open()
    const project = await bench.project()
    const { webhooks, stop } = bench.tell()
    const id = await bench.webhook({ project, url: receiver.url })
    const hook = () => bench.state.webhooks.get(id) ?? assert.fail()
    receiver.refuse(400, 3)
    const [bad, good] = [await bench.happen(project), await bench.happen(project)]
    await soon(() => assert.deepEqual(sequences(receiver), [bad, bad, bad, good]))
    const failed = (await webhooks.recent(id)).find(({ state }) => state === 'failed')
    assert.deepEqual([failed?.sequence, failed?.error, failed?.attempts], [bad, 'it answered with 400', 3])
    const again = await webhooks.redeliver(hook(), failed?.id ?? '', 'key')
    assert.deepEqual([again.state, again.attempts, receiver.ids.at(-1)], ['delivered', 4, failed?.id])
    assert.deepEqual(await webhooks.redeliver(hook(), failed?.id ?? '', 'key'), again)
    assert.equal(receiver.received.length, 5)
    await assert.rejects(webhooks.redeliver(hook(), 'msg_x', 'key'), { code: 'not-found' })
    await stop()
  })

  it('is disabled with a reason after a long failure, and goes on where it stopped when it is enabled', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path, { webhookPatienceHours: 0.0001 })
    const project = await bench.project()
    const away = await Receiver.open()
    await away[Symbol.asyncDispose]()
    const { stop } = bench.tell()
    const id = await bench.webhook({ project, url: away.url })
    const wanted = [await bench.happen(project), await bench.happen(project)]
    await soon(() => assert.equal(bench.state.webhooks.get(id)?.enabled, false))
    assert.match(
      bench.state.webhooks.get(id)?.disabledReason ?? '',
      /^no success for .*: nobody listens there$/,
    )
    await using back = await Receiver.open(undefined, away.port)
    const { url } = back
    await bench.change(() => ({
      events: [{ type: 'webhook-changed', id, name: 'x', url, enabled: true }],
      result: undefined,
    }))
    await soon(() => assert.deepEqual(sequences(back).slice(0, 2), wanted))
    assert.equal(bench.state.webhooks.get(id)?.disabledReason, undefined)
    await stop()
  })

  it('is disabled at once by a receiver that says it is gone', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path)
    await using receiver = await Receiver.open()
    receiver.refuse(410, 9)
    const project = await bench.project()
    const { stop } = bench.tell()
    const id = await bench.webhook({ project, url: receiver.url })
    await bench.happen(project)
    await soon(() => assert.match(bench.state.webhooks.get(id)?.disabledReason ?? '', /410/))
    assert.equal(receiver.received.length, 1)
    await stop()
  })

  it('goes on after a restart behind the last one that was taken: none is lost, none taken twice', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path)
    await using receiver = await Receiver.open()
    const project = await bench.project()
    const first = bench.tell()
    const id = await bench.webhook({ project, url: receiver.url })
    const wanted = [await bench.happen(project), await bench.happen(project)]
    await soon(() => assert.deepEqual(sequences(receiver), wanted))
    receiver.answer = (response) => response.writeHead(500).end()
    wanted.push(await bench.happen(project))
    await soon(() => assert.ok(receiver.received.length > 3))
    await first.stop()
    receiver.received.length = 0
    for (let missed = 0; missed < 4; missed++) wanted.push(await bench.happen(project))
    receiver.refuse(500, 0)
    const second = bench.tell()
    await soon(() => assert.deepEqual(sequences(receiver), wanted.slice(2)))
    await soon(async () => {
      await second.webhooks.standing(id)
      const [latest] = await second.webhooks.recent(id)
      assert.deepEqual([latest?.sequence, latest?.state], [wanted.at(-1), 'delivered'])
    })
    await second.stop()
  })

  it('is told after a restart also of what was taken away in the meantime', async () => {
    await using dir = await scratch()
    await using receiver = await Receiver.open()
    const wanted: number[] = []
    {
      await using bench = await Bench.open(dir.path)
      const project = await bench.project()
      await bench.webhook({ project, url: receiver.url })
      const gone = await bench.webhook({ project, url: 'https://example.org', enabled: false })
      wanted.push(bench.state.sequence)
      await bench.change((state) => deleteWebhook(state, gone))
      wanted.push(bench.state.sequence)
    }
    await using bench = await Bench.open(dir.path)
    const { stop } = bench.tell()
    await soon(() => assert.deepEqual(sequences(receiver), wanted))
    assert.deepEqual(receiver.received[1]?.body.data.what, ['deleted the webhook example.org'])
    await stop()
  })

  it('is told by one of several controllers, and by another when that one is gone', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path)
    await using receiver = await Receiver.open()
    const project = await bench.project()
    let holder = 'a'
    const as = (name: string) => async () => holder === name
    const [a, b] = [bench.tell(as('a')), bench.tell(as('b'))]
    const id = await bench.webhook({ project, url: receiver.url })
    const wanted = [await bench.happen(project), await bench.happen(project)]
    await soon(async () => assert.equal((await b.webhooks.standing(id))?.sequence, wanted[1]))
    assert.deepEqual(sequences(receiver), wanted)
    await a.stop()
    holder = 'b'
    wanted.push(await bench.happen(project))
    await soon(() => assert.deepEqual(sequences(receiver), wanted))
    assert.equal(new Set(receiver.ids).size, 3)
    await b.stop()
  })

  it('is told twice with the same ids by two who both believe that it is their duty', async () => {
    await using dir = await scratch()
    await using bench = await Bench.open(dir.path)
    await using receiver = await Receiver.open()
    const project = await bench.project()
    const both = [bench.tell(), bench.tell()]
    await bench.webhook({ project, url: receiver.url })
    const wanted = [await bench.happen(project), await bench.happen(project)]
    await soon(() => assert.ok(wanted.every((one) => sequences(receiver).includes(one))))
    await Promise.all(both.map(({ stop }) => stop()))
    assert.equal(new Set(receiver.ids).size, 2)
  })
})

describeDeliveries(async () => {
  const dir = await scratch()
  const store = new SqliteDeliveries(join(dir.path, 'webhooks.db'))
  return {
    store,
    async [Symbol.asyncDispose]() {
      store[Symbol.dispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
})

describe('one attempt', () => {
  it('waits ten seconds for an answer and no longer, and for the rest of one no longer either', async () => {
    await using receiver = await Receiver.open()
    const settings = loadSettings(controllerSettings, { environment: {}, flags: FAST })
    const waits = new Map<number, () => void>()
    const clock = {
      ...systemClock,
      after: (delay: number, action: () => void) => {
        waits.set(delay, action)
        return () => waits.delete(delay)
      },
    }
    const attempt = () =>
      post(
        { url: receiver.url, headers: { 'webhook-id': 'msg_1' }, body: '{}' },
        { settings, clock, signal: new AbortController().signal },
      )
    assert.deepEqual(await attempt(), { status: 204, retryAfter: undefined })
    assert.equal(waits.size, 0, 'nothing is waited for any more')

    receiver.answer = () => undefined
    const silent = attempt()
    await soon(() => assert.equal(receiver.received.length, 2))
    assert.deepEqual([...waits.keys()], [10_000])
    waits.get(10_000)?.()
    assert.deepEqual(await silent, { error: 'no answer within 10 s' })

    let isBegun = false
    receiver.answer = (response) => {
      response.writeHead(200).write('a', () => {
        isBegun = true
      })
    }
    const endless = attempt()
    await soon(() => assert.ok(isBegun))
    await new Promise((resolve) => setTimeout(resolve, 50))
    waits.get(10_000)?.()
    const result = await endless
    assert.ok('status' in result && result.status === 200, JSON.stringify(result))
  })
})

describe('the signature of a webhook', () => {
  it('is that of Standard Webhooks, by the example of its libraries', () => {
    const secret = new SecretBytes(Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64'))
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    }
    const { 'webhook-signature': signature } = signatureHeaders(message, secret)
    assert.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
})

describe('the target of a webhook', () => {
  const strict = { webhookRanges: [], webhookPlainHttp: false }

  it('is never an address that is not public, in whatever spelling', () => {
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '192.0.0.8',
      '198.18.0.1',
      '::1',
      '::',
      'fe80::1',
      'fd00::1',
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:0:1::1',
      '2001:db8::1',
      'fe80::1%eth0',
      'no address',
    ]
    for (const address of inside) assert.equal(isPermitted(address, strict), false, address)
    for (const address of ['1.1.1.1', '2606:4700::1111']) assert.ok(isPermitted(address, strict), address)
    assert.ok(isPermitted('10.1.2.3', { webhookRanges: ['10.1.0.0/16'] }))
    assert.equal(isPermitted('10.2.2.3', { webhookRanges: ['10.1.0.0/16'] }), false)
  })

  it('has a URL that is refused when it leads inside, or holds a password', () => {
    const bad = [
      'http://example.org',
      'ftp://example.org',
      'file:///etc/passwd',
      'https://user:pw@example.org',
      'https://127.0.0.1',
      'https://2130706433',
      'https://0x7f.1',
      'https://[::1]:8080',
      'https://[::ffff:127.0.0.1]',
      'https://169.254.169.254/latest',
      'nothing',
      'https://',
    ]
    for (const url of bad)
      assert.throws(() => assertUsableUrl(url, strict), { code: 'invalid-input', field: 'url' }, url)
    assertUsableUrl('https://hooks.example.org/x?y=1', strict)
    assertUsableUrl('http://example.org', { ...strict, webhookPlainHttp: true })
  })
})

describe('the patience with a receiver', () => {
  const settings = { webhookRetrySeconds: 1, webhookAttempts: 5, webhookPatienceHours: 72 }
  const wait = (
    attempts: number,
    chance: number,
    result: Parameters<typeof judge>[0]['result'] = { error: 'x' },
  ) => {
    const verdict = judge({ result, attempts, failingFor: 0, chance }, settings)
    return verdict.kind === 'retry' ? verdict.delay : verdict.kind
  }

  it('grows to an hour, by chance not the same for all', () => {
    assert.deepEqual(
      [1, 2, 3, 12].map((attempts) => wait(attempts, 1)),
      [1_000, 2_000, 4_000, 2_048_000],
    )
    assert.deepEqual([wait(100, 1), wait(2_000, 1), wait(3, 0)], [3_600_000, 3_600_000, 2_000])
    assert.equal(wait(1, 0, { status: 429, retryAfter: 30_000 }), 30_000)
    assert.equal(wait(5, 0, { status: 500, retryAfter: undefined }), 'give-up')
    assert.equal(wait(5, 0), 8_000)
    assert.equal(wait(1, 0, { status: 410, retryAfter: undefined }), 'disable')
    assert.equal(wait(9, 0, { status: 204, retryAfter: undefined }), 'delivered')
  })
})
