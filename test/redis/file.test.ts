import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fileIn, followersFileIn } from '../../src/log/redis/file.ts'

const RIGHT = {
  run_id: 'run',
  master_replid: 'history',
  'cmdstat_config|set': 'calls=2,usec=70,usec_per_call=35.00',
  role: 'slave',
  master_link_status: 'up',
  master_last_io_seconds_ago: '3',
  loading: '0',
  async_loading: '0',
  aof_enabled: '1',
  aof_rewrite_in_progress: '0',
  aof_rewrite_scheduled: '0',
}

function infoWith(more: Partial<Record<keyof typeof RIGHT, string>> = {}): string {
  return Object.entries({ ...RIGHT, ...more })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')
}

const stands = fileIn(infoWith(), undefined)
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
    assert.equal(fileIn(infoWith(harm), undefined).kind, 'early', JSON.stringify(harm))
})

it('a rewrite of a file that stood takes nothing away, unless something may have begun it anew since', () => {
  const rewriting = { aof_rewrite_in_progress: '1' }
  assert.deepEqual(fileIn(infoWith(rewriting), life), stands)
  for (const change of [
    { run_id: 'restarted' },
    { master_replid: 'another' },
    { 'cmdstat_config|set': 'calls=2,usec=71,usec_per_call=35.50' },
  ])
    assert.equal(fileIn(infoWith({ ...rewriting, ...change }), life).kind, 'early', JSON.stringify(change))
})

it('the file of a replica stands only while it follows: before that it may be the one from before all that it is given', () => {
  assert.deepEqual(followersFileIn(infoWith(), undefined), stands)
  for (const harm of [{ master_link_status: 'down' }, { master_last_io_seconds_ago: '26' }])
    assert.equal(followersFileIn(infoWith(harm), life).kind, 'early', JSON.stringify(harm))
})
