import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { WeftError } from '../../src/errors.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { LOOK_LIFE } from '../../src/log/redis/scripts/change.ts'
import type { State } from '../../src/model/state.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { change } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { startSingle, startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

describe('An operation that was refused', () => {
  it('is done by nobody who looked for it before that, and by whoever looks again', async () => {
    await using site = await startSingle()
    await using late = await openRedisLog(optionsFor(site, 'test'))
    await using other = await openRedisLog(optionsFor(site, 'test'))
    const draft = change(1)
    const beside = change(2)
    const { refusal } = await late.look(draft.operation)
    assert.equal(await other.refuse(draft.operation), undefined)
    // What goes along with it is decided anew, and is not lost.
    const both = [late.append(0, draft, { refusal }), late.append(1, beside, { after: draft })]
    const [first, second] = await Promise.allSettled(both)
    assert.ok(first?.status === 'rejected' && second?.status === 'rejected')
    assert.deepEqual([first.reason.code, second.reason.code], ['store-unavailable', 'conflict'])
    assert.equal(await other.find(draft.operation), undefined)
    assert.equal((await other.refresh()).sequence, 0)

    await assert.rejects(late.append(0, draft, { refusal }), { code: 'store-unavailable' })
    const again = await late.look(draft.operation)
    assert.equal(again.entry, undefined)
    const { entry, repeated } = await late.append(0, draft, again)
    assert.deepEqual([entry.sequence, repeated], [1, false])
    assert.deepEqual(await other.refuse(draft.operation), entry, 'what was done cannot be refused')
  })

  it('is refused as often as somebody asks, each time for all who looked before', async () => {
    await using site = await startSingle()
    await using late = await openRedisLog(optionsFor(site, 'test'))
    await using other = await openRedisLog(optionsFor(site, 'test'))
    const draft = change(1)
    for (let again = 0; again < 3; again++) {
      const { refusal } = await late.look(draft.operation)
      await other.refuse(draft.operation)
      await other.refuse(draft.operation)
      await assert.rejects(late.append(0, draft, { refusal }), { code: 'store-unavailable' })
    }
    const { refusal } = await late.look(draft.operation)
    assert.equal((await late.append(0, draft, { refusal })).entry.sequence, 1)
  })

  it('is done by nobody who stood still after looking, until no server knew of the refusal any more', async () => {
    await using site = await startSingle()
    await using late = await openRedisLog(optionsFor(site, 'test'))
    await using other = await openRedisLog(optionsFor(site, 'test'))
    const draft = change(1)
    const { refusal } = await late.look(draft.operation)
    await other.refuse(draft.operation)
    // Ten minutes later.
    await site.server.call('ZREM', '{weft:test}:refusals', draft.operation)
    const longAgo = refusal.replace(/@(\d+)$/, (_, at) => `@${Number(at) - LOOK_LIFE - 1_000}`)
    await assert.rejects(late.append(0, draft, { refusal: longAgo }), {
      code: 'store-unavailable',
      message: /too long ago/,
    })
    assert.equal((await other.refresh()).sequence, 0)
    assert.equal((await late.append(0, draft, await late.look(draft.operation))).entry.sequence, 1)
  })

  it('by who cannot ask, may have been brought by an earlier try that is on its way, and that is said', async () => {
    await using site = await startSingle()
    await using log = await openRedisLog(optionsFor(site, 'test'))
    const draft = change(1)
    const look = await log.look(draft.operation)
    site.server.freeze()
    await assert.rejects(log.append(0, draft, look), { code: 'store-unavailable', message: /^Whether/ })
    const again = await log.look(draft.operation).catch((error: WeftError) => error)
    assert.ok(again instanceof WeftError && again.code === 'store-unavailable')
    assert.doesNotMatch(`${again.advice}`, /Nothing was changed/)
    site.server.thaw()
    // It was in a buffer of the server.
    const find = () => log.find(draft.operation).catch(() => undefined)
    assert.equal((await eventually('it is made', find, 10_000)).sequence, 1)
  })

  it('is not said to be so while a replica is missing, which may be asked next', async () => {
    await using site = await startWithSentinels()
    await using log = await openRedisLog(optionsFor(site, 'test'))
    await using other = await openRedisLog(optionsFor(site, 'test'))
    const isWritable = () => log.append(0, change(1)).then(Boolean, () => false)
    await eventually('changes go', isWritable, 15_000)
    const primary = await site.primary()
    const others = site.servers.filter((server) => server !== primary)
    await eventually(
      'there, too',
      async () => !other.refusal && (await other.refresh()).sequence === 1,
      15_000,
    )
    for (const server of others) server.freeze()
    const open = { code: 'store-unavailable', message: /^Whether/ }
    await assert.rejects(log.append(1, change(3)), open)
    await assert.rejects(other.append(1, change(3), { isNew: true }), open, 'it stands at the primary')
    await assert.rejects(log.refuse('op-2'), { code: 'store-unavailable' })
    for (const server of others) server.thaw()
    await eventually(
      'it can be said',
      () =>
        log.refuse('op-2').then(
          () => true,
          () => false,
        ),
      15_000,
    )
  })

  it('is decided twice at most, however much others write, and is marked', async () => {
    await using site = await startSingle()
    await using busy = await openRedisLog(optionsFor(site, 'test'))
    await using calm = await openRedisLog(optionsFor(site, 'test'))
    const stop = new AbortController()
    const [writing, asking] = [await open(busy, stop.signal), await open(calm, stop.signal)]
    let isOver = false
    const write = async () => {
      for (let at = 0; !isOver; at++) await writing.change(request(`w-${at}`), raise)
    }
    const work = write()
    for (let at = 0; at < 20; at++) {
      let decisions = 0
      const refuse = () => {
        decisions += 1
        throw new WeftError('not-found', 'There is no such thing.')
      }
      await assert.rejects(asking.change(request(`r-${at}`), refuse), { code: 'not-found' })
      assert.ok(decisions <= 2, `${decisions} decisions`)
      assert.ok(await site.server.call('ZSCORE', '{weft:test}:refusals', `r-${at}`))
    }
    isOver = true
    await work
    stop.abort()
  })

  it('and one that changes nothing, is not answered by who cannot know what others have changed', async () => {
    await using site = await startSingle()
    await using proxy = await FaultProxy.to(site.server.port)
    await using near = await openRedisLog(optionsFor(site, 'test'))
    const urls = [`redis://127.0.0.1:${proxy.port}`]
    await using far = await openRedisLog(optionsFor(site, 'test', { urls }))
    const stop = new AbortController()
    const [here, there] = [await open(near, stop.signal), await open(far, stop.signal)]
    await there.change(request('five'), to(5))
    proxy.requests = { kind: 'drop' }
    proxy.cut()
    await here.change(request('six'), to(6))
    const again = there.change({ ...request('five again'), isNew: true }, to(5))
    await assert.rejects(again, { code: 'store-unavailable' })
    stop.abort()
  })
})

function open(log: Parameters<typeof Ledger.open>[0], signal: AbortSignal): Promise<Ledger> {
  return Ledger.open(log, signal, () => undefined)
}

function request(operation: string) {
  return { actor: 'test', operation, at: 0 }
}

function raise({ epoch }: State) {
  return to(epoch + 1)({ epoch })
}

/** A change that there is only if it is not so already. */
function to(epoch: number) {
  return (state: Pick<State, 'epoch'>) => ({
    events: state.epoch === epoch ? [] : [{ type: 'epoch-raised' as const, epoch }],
    result: undefined,
  })
}
