import assert from 'node:assert/strict'
import { it } from 'node:test'
import { toFollowers } from '../../src/log/redis/status.ts'
import { Twins } from '../../src/log/redis/twins.ts'

const A = '10.0.0.1:1'

/** What the primary says of those at A: how many seconds ago each confirmed something. */
function following(attachments: number, ...lags: readonly number[]) {
  const lines = lags.map((lag, at) => `slave${at}:ip=10.0.0.1,port=1,state=online,offset=9,lag=${lag}`)
  return toFollowers([...lines, `sync_full:${attachments}`, 'sync_partial_ok:0', ''].join('\r\n'))
}

it('two that both confirm for three seconds are two', () => {
  const twins = new Twins()
  assert.deepEqual(twins.see(following(2, 0, 1), 0), [])
  assert.deepEqual(twins.see(following(2, 1, 0), 2_999), [])
  assert.deepEqual(twins.see(following(2, 0, 0), 3_000), [A])
})

it('one that came back is not two with the connection that it had before, however often it does', () => {
  const twins = new Twins()
  for (const attachments of [2, 3, 4]) {
    const now = attachments * 2_500
    assert.deepEqual(twins.see(following(attachments, 1, 0), now), [])
    assert.deepEqual(twins.see(following(attachments, 3, 0), now + 2_000), [])
  }
  assert.deepEqual(twins.see(following(4, 5, 0), 60_000), [])
})
