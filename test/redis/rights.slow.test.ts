import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { faultText } from '../../src/cli/logger.ts'
import { toWeftError } from '../../src/errors.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import { installRedisLog } from '../../src/log/redis/install.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { sealSnapshot } from '../../src/log/snapshot.ts'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { Receiver, soon } from '../controller/receiver.ts'
import { appendAll, scratch } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { call } from './call.ts'
import { ReplicaFleet } from './fleet.ts'
import { type RedisSite, startWithSentinels } from './site.ts'
import { asUser, denied, REALM } from './user.ts'
import { optionsFor } from './writers.ts'

describe('A user of Redis', () => {
  let site: RedisSite
  before(async () => {
    site = await startWithSentinels(1)
  })
  after(() => site?.[Symbol.asyncDispose]())

  const withUser = (name: string, ...more: readonly string[]) => asUser(site, name, more)

  it('with the rights that the document names can do all that controllers do', async () => {
    const redisUrls = [...(await withUser('weft'))]
    const webhooks = { webhookRanges: ['127.0.0.0/8'], webhookPlainHttp: true }
    await using fleet = await ReplicaFleet.start(site, 2, { redisUrls, redisRealm: REALM, ...webhooks })
    await using receiver = await Receiver.open()
    const post = async (path: string, body: unknown) => {
      const made = await call(fleet.at(0), fleet.token, 'POST', path, { body })
      assert.equal(made.status, 201, made.text)
      return made.body
    }
    await post('/v1/webhooks', { url: receiver.url, events: ['network-created'] })
    await post('/v1/networks', { name: 'shared' })
    const { token } = await post('/v1/tokens', { networks: ['shared'], uses: 1 })
    fleet.startAgent('agent', token)
    const nodes = () => [...fleet.at(1).controller.state.nodes.keys()]
    const isOnline = ({ controller }: ReturnType<typeof fleet.at>) =>
      nodes().some((node) => controller.status.node(node).online)
    await eventually('it is online wherever one asks', () => fleet.replicas.every(isOnline), 20_000)
    await soon(() => assert.equal(receiver.received.length, 1))
    const given = { headers: { 'idempotency-key': 'k' }, body: { name: 'shared' } }
    assert.equal((await call(fleet.at(1), fleet.token, 'POST', '/v1/networks', given)).status, 409)
    assert.deepEqual(await denied(site), [])
  })

  it('can keep a log short as well, and take over a duty', async () => {
    const urls = await withUser('short', '~{weft:short}:*', '&{weft:short}:*')
    await using log = await openRedisLog(optionsFor(site, 'short', { urls }))
    await eventually('changes go', () => log.refusal === undefined, 10_000)
    await appendAll(log, 1, 10)
    const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(9)))
    await log.keepSnapshot(sealSnapshot(log.head(), new Uint8Array([1]), signing))
    assert.equal((await log.compact(10)).sequence, 10)
    assert.equal(await log.lease('upkeep', 1_000), true)
    assert.deepEqual(await denied(site), [])
  })

  it('can import a log; without RENAME it is told so before anything is written', async () => {
    await using dir = await scratch()
    await using embedded = await openSqliteLog(dir.log)
    await appendAll(embedded, 1, 5)
    const install = async (user: string, ...more: readonly string[]) => {
      using source = openSource(dir.log)
      const urls = await withUser(user, `~{weft:${user}}:*`, `&{weft:${user}}:*`, ...more)
      const { head } = await installRedisLog(source, optionsFor(site, user, { urls }), { now: 0 })
      return head
    }
    assert.deepEqual(await install('imports'), embedded.head())
    assert.deepEqual(await denied(site), [])
    await assert.rejects(install('stays', '-rename'), { code: 'invalid-config', message: /needs: rename/ })
    const written = await (await site.primary()).call('KEYS', '{weft:stays}:*')
    assert.deepEqual(written, [])
  })

  it('that loses a right while controllers run is named, as what passes, until it has that again', async () => {
    const own = ['~{weft:loses}:*', '&{weft:loses}:*']
    const redisUrls = [...(await withUser('loses', ...own))]
    await using fleet = await ReplicaFleet.start(site, 1, { redisUrls, redisRealm: 'loses' })
    const replica = fleet.at(0)
    const make = (name: string) =>
      call(replica, fleet.token, 'POST', '/v1/projects', {
        headers: { 'idempotency-key': name },
        body: { name },
      })
    const isReady = async () => (await call(replica, fleet.token, 'GET', '/readyz')).status === 200
    for (const right of ['zmscore', 'time']) {
      await eventually('it is ready', isReady, 10_000)
      await withUser('loses', ...own, `-${right}`)
      const refused = await make(right)
      assert.deepEqual([refused.status, refused.body.code], [503, 'store-unavailable'], refused.text)
      assert.match(refused.text, new RegExp(right))
      const isNamed = async () => (await make(right)).text.includes(`may not do what a log needs: ${right}.`)
      await eventually('it is named', isNamed, 10_000)
      assert.deepEqual([await isReady(), (await make(right)).status], [false, 503])
      await withUser('loses', ...own)
      await eventually('changes go again', async () => (await make(right)).status === 201, 10_000)
    }
    // Nobody asks for that one.
    await withUser('loses', ...own, '-xtrim')
    await eventually('it is not ready', async () => !(await isReady()), 10_000)
    await withUser('loses', ...own)
    await eventually('it is ready', isReady, 10_000)
  })

  for (const [title, taken, message] of [
    ['without a command of the log', '-xtrim', /may not do what a log needs: xtrim/],
    ['without WAIT', '-wait', /may not do what a log needs: wait/],
    ['without CONFIG GET', '-config|get', /may not do what a log needs: config get/],
    ['without EVAL', '-eval', /may not run 'eval'/],
    ['without channels', 'resetchannels', /may not do what a log needs: publish/],
    ['without its keys', 'resetkeys', /may not use the keys or channels/],
    ['with another password', 'resetpass', /does not take this user and password/],
  ] as const) {
    it(`${title} is told so at the start, by name`, async () => {
      const urls = await withUser(`without${taken.replaceAll(/\W/g, '')}`, taken)
      const options = optionsFor(site, REALM, { urls })
      await assert.rejects(openRedisLog(options), (error: Error) => {
        assert.match(error.message, message)
        assert.deepEqual(pick(error), { code: 'invalid-config', field: 'redisUrls' })
        assert.doesNotMatch(JSON.stringify(faultText(error)), /secret/, 'no password goes into the log')
        return true
      })
    })
  }
})

function pick(error: Error) {
  const { code, field } = toWeftError(error)
  return { code, field }
}
