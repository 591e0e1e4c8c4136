import assert from 'node:assert/strict'
import { it } from 'node:test'
import { toFollowers } from '../../src/log/redis/status.ts'
import { Twins } from '../../src/log/redis/twins.ts'

const [A, B] = ['10.0.0.1:1', '10.0.0.1:2'] as const
const nobody = () => undefined

/** What the primary says of those at A: how many seconds ago each confirmed something. */
function following(attachments: number, ...lags: readonly number[]) {
  const lines = lags.map((lag, at) => `slave${at}:ip=10.0.0.1,port=1,state=online,offset=9,lag=${lag}`)
  return toFollowers([...lines, `sync_full:${attachments}`, 'sync_partial_ok:0', ''].join('\r\n'))
}

it('two that both confirm for three seconds are two', () => {
  const twins = new Twins()
  assert.deepEqual(twins.see(following(2, 0, 1), nobody, 0), [])
  assert.deepEqual(twins.see(following(2, 1, 0), nobody, 2_999), [])
  assert.deepEqual(twins.see(following(2, 0, 0), nobody, 3_000), [[A]])
})

it('one that came back is not two with the connection that it had before, however often it does', () => {
  const twins = new Twins()
  for (const attachments of [2, 3, 4]) {
    const now = attachments * 2_500
    assert.deepEqual(twins.see(following(attachments, 1, 0), nobody, now), [])
    assert.deepEqual(twins.see(following(attachments, 3, 0), nobody, now + 2_000), [])
  }
  assert.deepEqual(twins.see(following(4, 5, 0), nobody, 60_000), [])
})

it('two by two addresses, at which one process answers, are two as well, and not where others answer', () => {
  const said = (lag: number) => {
    const lines = [1, 2].map(
      (port) => `slave${port}:ip=10.0.0.1,port=${port},state=online,offset=9,lag=${port === 1 ? 0 : lag}`,
    )
    return toFollowers([...lines, 'sync_full:2', 'sync_partial_ok:0', ''].join('\r\n'))
  }
  const seen = (lag: number, runIdOf: (name: string) => string | undefined) => {
    const twins = new Twins()
    twins.see(said(lag), runIdOf, 0)
    return twins.see(said(lag), runIdOf, 3_000)
  }
  assert.deepEqual(
    seen(1, () => 'run'),
    [[A, B]],
  )
  assert.deepEqual(
    seen(1, (name) => name),
    [],
  )
  assert.deepEqual(seen(1, nobody), [])
  assert.deepEqual(
    seen(20, () => 'run'),
    [],
    'it has come back by another address',
  )
})

it('what is being given all there is has confirmed nothing, whatever lag it has: one that is dead is no other one', () => {
  const said = (attachments: number, port: number, ...states: readonly string[]) => {
    const lines = states.map(
      (state, at) => `slave${at}:ip=10.0.0.1,port=${1 + at * port},state=${state},offset=0,lag=0`,
    )
    return toFollowers([...lines, `sync_full:${attachments}`, 'sync_partial_ok:0', ''].join('\r\n'))
  }
  for (const port of [0, 1])
    for (const states of [
      ['wait_bgsave', 'wait_bgsave'],
      ['send_bulk', 'wait_bgsave'],
      ['send_bulk', 'online'],
    ]) {
      const twins = new Twins()
      for (const now of [0, 3_000, 9_000])
        assert.deepEqual(
          twins.see(said(2, port, ...states), () => 'run', now),
          [],
          `${states}`,
        )
    }
})
