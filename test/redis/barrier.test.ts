import assert from 'node:assert/strict'
import { it } from 'node:test'
import { reachOf } from '../../src/log/redis/barrier.ts'
import { toFollowers } from '../../src/log/redis/status.ts'

/** What a server says that is at `offset`, with its replicas by port: how far each is. */
function followers(
  offset: number,
  replicas: Readonly<Record<string, number | 'wait_bgsave'>>,
  attachments = 1,
) {
  const lines = Object.entries(replicas).map(([port, at], index) => {
    const [state, confirmed] = at === 'wait_bgsave' ? [at, 0] : ['online', at]
    return `slave${index}:ip=10.0.0.1,port=${port},state=${state},offset=${confirmed},lag=0`
  })
  return toFollowers(
    [...lines, `master_repl_offset:${offset}`, `sync_full:${attachments}`, 'sync_partial_ok:0', ''].join(
      '\r\n',
    ),
  )
}

const [A, B] = ['10.0.0.1:1', '10.0.0.1:2'] as const

it('a change is where it has to be when all have it that must, and nobody else was counted', () => {
  const both = { replicas: [A, B] }
  const before = followers(100, { 1: 50, 2: 50 })
  assert.equal(reachOf(both, { before, waited: 2, after: followers(100, { 1: 60, 2: 60 }) }), 'all')
  assert.equal(reachOf(both, { before, waited: 1, after: followers(100, { 1: 100, 2: 60 }) }), 'missing')
  assert.equal(reachOf(both, { before, waited: 2, after: followers(100, { 1: 100 }) }), 'missing')
  const syncing = followers(100, { 1: 100, 2: 'wait_bgsave' })
  assert.equal(reachOf(both, { before, waited: 2, after: syncing }), 'missing')
})

it('a replica that is never promoted and left after it was counted is not taken for one that must have a change', () => {
  const one = { replicas: [A] }
  const before = followers(100, { 1: 50, 3: 50 })
  assert.equal(reachOf(one, { before, waited: 1, after: followers(100, { 1: 50 }) }), 'behind')
  assert.equal(reachOf(one, { before, waited: 1, after: followers(100, { 1: 100 }) }), 'all')
  // It came and went between the two looks.
  const alone = followers(100, { 1: 50 })
  assert.equal(reachOf(one, { before: alone, waited: 1, after: followers(100, { 1: 50 }, 2) }), 'behind')
  assert.equal(reachOf(one, { before: alone, waited: 1, after: followers(100, { 1: 50 }) }), 'all')
})

it('one of two by one address that was counted and left is not taken for the one that stays', () => {
  const one = { replicas: [A] }
  const said = (...offsets: readonly number[]) =>
    toFollowers(
      [
        ...offsets.map((at, index) => `slave${index}:ip=10.0.0.1,port=1,state=online,offset=${at},lag=9`),
        ...['master_repl_offset:100', 'sync_full:2', 'sync_partial_ok:0', ''],
      ].join('\r\n'),
    )
  for (const [before, after] of [
    [said(50, 100), said(50)],
    [said(50), said(100, 50)],
  ] as const) {
    assert.equal(reachOf(one, { before, waited: 1, after }), 'behind')
  }
  assert.equal(reachOf(one, { before: said(50, 100), waited: 1, after: said(100) }), 'all')
})

it('a number of replicas may be any, and none is enough where the server itself is', () => {
  const [before, after] = [followers(100, {}), followers(100, {})]
  assert.equal(reachOf({ replicas: 1 }, { before, waited: 1, after }), 'all')
  assert.equal(reachOf({ replicas: 1 }, { before, waited: 0, after }), 'missing')
  assert.equal(reachOf({ replicas: 0 }, { before, waited: 0, after }), 'all')
  assert.equal(reachOf({ replicas: [] }, { before, waited: 0, after }), 'missing', 'nobody is known')
})

it('replicas that share an address are told from one that came back, and from those that only take a copy', () => {
  const sharedOf = (...lines: readonly string[]) => [...toFollowers(lines.join('\r\n')).shared]
  const line = (port: number, lag: number) =>
    `slave${port}:ip=10.0.0.1,port=${port},state=online,offset=9,lag=${lag}`
  assert.deepEqual(sharedOf(line(1, 0), line(2, 0)), [])
  assert.deepEqual(sharedOf(line(1, 20), line(1, 0)), [A])
  assert.deepEqual(sharedOf(line(1, 30), line(1, 0)), [], 'the old connection was not noticed to be gone')
  assert.deepEqual(sharedOf(line(0, 0), line(0, 0)), [])
})
