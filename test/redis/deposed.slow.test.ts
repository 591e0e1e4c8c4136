import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { WeftError } from '../../src/errors.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { change } from '../log/fixture.ts'
import { RawAgent } from '../rawagent.ts'
import { eventually } from '../rig.ts'
import { call } from './call.ts'
import { ReplicaFleet } from './fleet.ts'
import { startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

// A controller that is cut off together with the primary hears of no other one: here the Sentinels stand still, and
// nothing but the replica that is gone tells that there is another primary by now.

it('a controller that is cut off with a deposed primary refuses nothing for good, and sends no agent away', async () => {
  await using site = await startWithSentinels(1)
  await using fleet = await ReplicaFleet.start(site, 1)
  const replica = fleet.at(0)
  const ask = (method: string, path: string, body?: unknown, token = fleet.token) =>
    call(replica, token, method, path, { body })
  const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status
  // It is there already where the call before had made it and nobody could say so.
  const isMade = async () => [201, 409].includes(await statusOf('POST', '/v1/networks', { name: 'old' }))
  await eventually('changes go', isMade, 15_000)
  const identity = new Identity(new SecretBytes(systemRandom(32)))
  const { token } = (await ask('POST', '/v1/tokens', { networks: [], uses: 1 })).body
  using _ = await RawAgent.join(token, { name: 'removed', url: replica.url, identity })
  assert.equal(await statusOf('DELETE', '/v1/nodes/removed'), 204)
  const refusals = (bearer: string) =>
    Promise.all([
      statusOf('POST', '/v1/networks', { name: 'old' }),
      statusOf('DELETE', '/v1/nodes/nobody'),
      statusOf('POST', '/v1/networks', { name: 'new' }, bearer),
    ])
  const stranger = `weft_${'A'.repeat(43)}`
  const comesBack = () => RawAgent.return(token, identity, [], {}, replica.url)
  assert.deepEqual(await refusals(stranger), [409, 404, 401])
  await assert.rejects(comesBack(), { code: 'forbidden' })

  await depose(site)
  assert.deepEqual(await refusals(stranger), [503, 503, 503])
  await assert.rejects(comesBack(), { code: 'store-unavailable' })
  const { body } = await ask('GET', '/v1/networks')
  assert.match(JSON.stringify(body), /"old"/, 'what it knows can be read')
})

it('a log says that it is current only while every replica follows its server', async () => {
  await using site = await startWithSentinels(1)
  await using log = await openRedisLog(optionsFor(site, 'test'))
  const stop = new AbortController()
  const ledger = await Ledger.open(log, stop.signal, () => undefined)
  const goes = () => log.append(0, change(1)).then(Boolean, () => false)
  await eventually('changes go', goes, 15_000)
  assert.equal((await log.refresh()).sequence, 1)
  const { replica } = await depose(site)
  const other = { ...site, urls: [`redis://${replica.place}`] }
  await using beyond = await openRedisLog(optionsFor(other, 'test'))
  await beyond.append(1, change(2))
  await assert.rejects(log.refresh(), { code: 'store-unavailable' })
  for (const isNew of [true, false]) {
    const request = { actor: 'test', at: 0, isNew }
    const refused = ledger.change({ ...request, operation: `refused-${isNew}` }, () => {
      throw new WeftError('not-found', 'There is no such thing.')
    })
    await assert.rejects(refused, { code: 'store-unavailable' })
    const idle = ledger.change({ ...request, operation: `idle-${isNew}` }, () => ({ events: [], result: 0 }))
    await assert.rejects(idle, { code: 'store-unavailable' })
  }
  stop.abort()
})

/** Makes the replica the primary, without a word to anybody. */
async function depose(site: Awaited<ReturnType<typeof startWithSentinels>>) {
  const primary = await site.primary()
  const replica = site.servers.find((server) => server !== primary)
  assert.ok(replica)
  for (const sentinel of site.sentinels) sentinel.freeze()
  await replica.call('REPLICAOF', 'NO', 'ONE')
  return { replica }
}
