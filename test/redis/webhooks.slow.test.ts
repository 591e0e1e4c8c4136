import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { weft } from '../cli/fixture.ts'
import { Receiver, soon } from '../controller/receiver.ts'
import { call } from './call.ts'
import { ReplicaFleet } from './fleet.ts'
import { type RedisSite, startSingle } from './site.ts'

describe('Two controllers on one Redis', () => {
  let site: RedisSite
  let fleet: ReplicaFleet
  before(async () => {
    site = await startSingle()
    fleet = await ReplicaFleet.start(site, 2, {
      webhookRanges: ['127.0.0.0/8'],
      webhookPlainHttp: true,
      webhookRetrySeconds: 0.02,
    })
  })
  after(async () => {
    await fleet?.[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })

  const ask = (at: number, method: string, path: string, body?: unknown) =>
    call(fleet.at(at), fleet.token, method, path, body === undefined ? {} : { body })
  const happen = async (at: number, name: string) => {
    const made = await ask(at, 'POST', '/v1/networks', { name })
    assert.equal(made.status, 201, made.text)
  }

  it('tell a webhook of each change made at either, and one goes on when the other is stopped', async () => {
    await using receiver = await Receiver.open()
    const made = await ask(1, 'POST', '/v1/webhooks', { url: receiver.url, events: ['network-created'] })
    assert.equal(made.status, 201, made.text)
    const told = () => new Set(receiver.received.map(({ body }) => body.data.what[0].split(/[ ,]/)[2]))
    const wanted = ['a', 'b', 'c', 'd', 'e', 'f']
    receiver.refuse(500, 2)
    for (const [at, name] of wanted.entries()) await happen(at, name)
    await soon(() => assert.deepEqual(told(), new Set(wanted)))

    // It is stopped with one that was not taken yet, and more come while nobody is on duty.
    receiver.answer = (response) => response.writeHead(503).end()
    const before = receiver.received.length
    await happen(1, 'g')
    await soon(() => assert.ok(receiver.received.length > before))
    const metrics = await Promise.all([0, 1].map(async (at) => (await ask(at, 'GET', '/metrics')).text))
    const onDuty = metrics.map((text) => /^weft_webhook_attempts_total\{.*\} [1-9]/m.test(text))
    assert.equal(onDuty.filter(Boolean).length, 1, 'one of them does it')
    await fleet.at(onDuty.indexOf(true)).stop()
    const left = onDuty.indexOf(false)
    await happen(left, 'h')
    receiver.answer = (response) => response.writeHead(204).end()
    await happen(left, 'i')
    wanted.push('g', 'h', 'i')
    await soon(() => assert.deepEqual(told(), new Set(wanted)))

    // In the order of the log, and what came twice came with the same id.
    const ids = [...new Set(receiver.ids)]
    assert.equal(ids.length, wanted.length)
    const first = ids.map((id) => receiver.received.find((one) => one.id === id)?.body.data.sequence)
    assert.deepEqual(
      first,
      first.toSorted((a, b) => a - b),
    )
    const { items } = (await ask(left, 'GET', `/v1/webhooks/${made.body.id}/deliveries`)).body
    assert.deepEqual(new Set(items.map(({ state }: { state: string }) => state)), new Set(['delivered']))
    assert.deepEqual(items.map(({ id }: { id: string }) => id).toReversed(), ids)
  })

  it('have an audit that is compared with the log on Redis while they run', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'weft-verify-'))
    try {
      const running = fleet.replicas.findIndex(({ isRunning }) => isRunning)
      const { settings, controller, url } = fleet.at(running)
      const env = { WEFT_URL: `${url}#${controller.authority.fingerprint}`, WEFT_TOKEN: fleet.token }
      const file = join(dir, 'audit.jsonl')
      const exported = await weft(['audit', '--all-projects', '--export', file], { env })
      assert.deepEqual([exported.code, exported.stderr], [0, ''])
      const at = ['--redis-url', site.urls[0] ?? '', '--redis-realm', settings.redisRealm]
      const verify = () => weft(['audit', 'verify', file, '--data-dir', join(dir, 'data'), ...at, '--json'])
      const verified = await verify()
      assert.deepEqual([verified.code, verified.stderr], [0, ''])
      const { records, checked, head } = JSON.parse(verified.stdout)
      assert.ok(records >= 10)
      assert.equal(checked, records)
      assert.equal(Number(head.sequence), controller.state.sequence)

      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace('made network c', 'made network x'))
      const altered = await verify()
      assert.equal(altered.code, 1)
      assert.match(altered.stderr, /^error: The record of entry \d+ is not what the log says\.$/m)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })
})
