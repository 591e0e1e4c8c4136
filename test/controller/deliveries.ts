import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  DELIVERIES_KEPT,
  type Delivery,
  type DeliveryStore,
} from '../../src/controller/webhooks/deliveries.ts'

/** What every store of deliveries has to do. */
export function describeDeliveries(
  open: () => Promise<AsyncDisposable & { readonly store: DeliveryStore }>,
): void {
  const delivery = (number: number, rest: Partial<Delivery> = {}): Delivery => ({
    id: `msg_${String(number).padStart(4, '0')}`,
    webhook: 'whk-a',
    type: 'change',
    sequence: number,
    state: 'retrying',
    attempts: 1,
    firstAt: 1_000 + number,
    lastAt: 1_000 + number,
    took: 5,
    ...rest,
  })

  describe('deliveries of webhooks', () => {
    it('are kept with how far each webhook is', async () => {
      await using opened = await open()
      const { store } = opened
      assert.equal(await store.standing('whk-a'), undefined)
      await store.note('whk-a', { sequence: 7, hash: 'abc', failingSince: 12 })
      await store.note('whk-b', { sequence: 1, hash: 'x' })
      assert.deepEqual(await store.standing('whk-a'), { sequence: 7, hash: 'abc', failingSince: 12 })
      await store.put(delivery(1))
      await store.put(delivery(2, { status: 500, error: 'it answered with 500' }))
      await store.put(delivery(1, { state: 'delivered', attempts: 3, status: 204 }))
      await store.put(delivery(1, { webhook: 'whk-b' }))
      assert.deepEqual(await store.list('whk-a'), [
        delivery(2, { status: 500, error: 'it answered with 500' }),
        delivery(1, { state: 'delivered', attempts: 3, status: 204 }),
      ])
      await store.forget('whk-a')
      assert.deepEqual([await store.standing('whk-a'), await store.list('whk-a')], [undefined, []])
      assert.equal((await store.list('whk-b')).length, 1)
    })

    it('go when there are too many, the oldest first', async () => {
      await using opened = await open()
      const { store } = opened
      for (let number = 1; number <= DELIVERIES_KEPT + 60; number++) await store.put(delivery(number))
      const numbers = (await store.list('whk-a')).map(({ sequence }) => sequence)
      assert.equal(numbers.length, DELIVERIES_KEPT)
      assert.deepEqual([numbers[0], numbers.at(-1)], [DELIVERIES_KEPT + 60, 61])
    })
  })
}
