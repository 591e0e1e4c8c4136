import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileIn, followersFileIn } from '../../src/log/redis/file.ts'

const RIGHT = {
  run_id: 'run',
  master_replid: 'history',
  'cmdstat_config|set': 'calls=2,usec=70,usec_per_call=35.00',
  'cmdstat_config|resetstat': 'calls=1,usec=173,usec_per_call=173.00',
  total_connections_received: '30',
  role: 'slave',
  master_link_status: 'up',
  master_last_io_seconds_ago: '3',
  loading: '0',
  async_loading: '0',
  aof_enabled: '1',
  aof_rewrite_in_progress: '0',
  aof_rewrite_scheduled: '0',
}

function saidWith(
  more: Partial<Record<keyof typeof RIGHT, string>> = {},
  connection = 40,
  next = connection + 1,
) {
  const lines = Object.entries({ ...RIGHT, ...more }).filter(([, value]) => value !== '')
  return { info: lines.map(([name, value]) => `${name}:${value}\r\n`).join(''), connection, next }
}

const stands = fileIn(saidWith(), undefined)
assert.equal(stands.kind, 'stands')
const { life } = stands

it('a file stands when a server has one, and writes none for the first time', () => {
  for (const harm of [
    { loading: '1' },
    { async_loading: '1' },
    { aof_enabled: '0' },
    { aof_rewrite_in_progress: '1' },
    { aof_rewrite_scheduled: '1' },
  ])
    assert.equal(fileIn(saidWith(harm), undefined).kind, 'early', JSON.stringify(harm))
})

it('a rewrite of a file that stood takes nothing away, unless something may have begun it anew since', () => {
  const rewriting = { aof_rewrite_in_progress: '1' }
  assert.deepEqual(fileIn(saidWith(rewriting), life), stands)
  for (const change of [
    { run_id: 'restarted' },
    { master_replid: 'another' },
    { 'cmdstat_config|set': 'calls=2,usec=71,usec_per_call=35.50' },
    { 'cmdstat_config|resetstat': '' },
    { 'cmdstat_config|resetstat': 'calls=1,usec=174,usec_per_call=174.00' },
    { total_connections_received: '1' },
  ])
    assert.equal(fileIn(saidWith({ ...rewriting, ...change }), life).kind, 'early', JSON.stringify(change))
})

it('the file of a replica stands only while it follows: before that it may be the one from before all that it is given', () => {
  assert.deepEqual(followersFileIn(saidWith(), undefined), stands)
  for (const harm of [{ master_link_status: 'down' }, { master_last_io_seconds_ago: '26' }])
    assert.equal(followersFileIn(saidWith(harm), life).kind, 'early', JSON.stringify(harm))
})

it('a rewrite of a file that stood needs no statistics, and heeds no connections, where nobody has ever reset these', () => {
  const never = { 'cmdstat_config|resetstat': '', 'cmdstat_config|set': '' }
  const before = fileIn(saidWith(never), undefined)
  assert.equal(before.kind, 'stands')
  const later = saidWith({ ...never, aof_rewrite_in_progress: '1', total_connections_received: '31' }, 43)
  assert.equal(fileIn(later, before.life).kind, 'stands')
  const reset = saidWith({ ...never, aof_rewrite_in_progress: '1', 'cmdstat_config|resetstat': 'calls=1' })
  assert.equal(fileIn(reset, before.life).kind, 'early')
})

describe('Where somebody has reset the statistics once,', () => {
  const received = 'total_connections_received'
  const rewritingAt = (connection: number, count: number, next?: number) =>
    saidWith({ aof_rewrite_in_progress: '1', [received]: String(count) }, connection, next)
  /** 10 are forgotten, 30 are counted. */
  const before = fileIn(saidWith(), undefined)
  assert.equal(before.kind, 'stands')

  it('a file that is rewritten is the one from before, however many connect amid a look', () => {
    for (const [count, next] of [
      [90, 101],
      [93, 104],
      [119, 130],
    ] as const)
      assert.equal(fileIn(rewritingAt(100, count, next), before.life).kind, 'stands', `${count}`)
  })

  it('what a look saw too little of, because others connected amid it, does not count for the next', () => {
    const hasty = fileIn(saidWith({ [received]: '95' }, 100), before.life)
    assert.equal(hasty.kind, 'stands')
    assert.equal(fileIn(rewritingAt(110, 100), hasty.life).kind, 'stands')
    // Nor is it kept for another process.
    const restarted = fileIn(saidWith({ run_id: 'restarted', [received]: '4' }, 5), before.life)
    assert.equal(restarted.kind, 'stands')
    assert.equal(restarted.life.forgotten, 1)
  })

  it('it is not where they were reset again, in the same time, and as many connected amid the look as that forgot', () => {
    // All that are counted came since, 30 and more of them amid the look.
    assert.equal(fileIn(rewritingAt(60, 50, 92), before.life).kind, 'early')
    assert.equal(fileIn(rewritingAt(41, 31, 72), before.life).kind, 'early')
    assert.equal(fileIn(rewritingAt(41, 1), before.life).kind, 'early')
    assert.equal(
      fileIn(rewritingAt(100, 90, 4), before.life).kind,
      'early',
      'it was started anew amid the look',
    )
    const { info, connection } = rewritingAt(100, 90)
    assert.equal(fileIn({ info, connection }, before.life).kind, 'early', 'nobody knows how many')
  })
})
