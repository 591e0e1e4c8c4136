import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { change } from '../log/fixture.ts'
import { startSingle } from './site.ts'
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
})
