import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCidr } from '../../../src/address/cidr.ts'
import { type ChangesQuery, History } from '../../../src/controller/graph/history.ts'
import type { Log } from '../../../src/log/log.ts'
import { headAt, sealSnapshot } from '../../../src/log/snapshot.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import { applyEntry } from '../../../src/model/apply.ts'
import { encodeState } from '../../../src/model/codec.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT, type NetworkId } from '../../../src/model/names.ts'
import { emptyState, type State } from '../../../src/model/state.ts'
import { change, INITIALISED, scratch, signing } from '../../log/fixture.ts'

const id = 'net-aaaaaaaaaaaaaaaa' as NetworkId
const CREATED: Event = {
  type: 'network-created',
  id,
  project: DEFAULT_PROJECT,
  name: 'demo',
  ipv4: parseCidr('10.64.0.0/16'),
  ipv6: parseCidr('fd12:3456:789a::/48'),
  nodePrefixLength: 32,
  topology: 'mesh',
  keyCustody: 'controller',
  at: 0,
}

/** A log whose first entry makes a network, and each other sets a policy; and the state after each. */
async function fill(log: Log, entries: number): Promise<readonly State[]> {
  const drafts = Array.from({ length: entries }, (_, at) => {
    const policy = { default: at % 2 === 0 ? ('allow' as const) : ('deny' as const), rules: [] }
    const events: Event[] =
      at === 0 ? [INITIALISED, CREATED] : [{ type: 'network-policy-set', network: id, policy }]
    return { ...change(at + 1), at: at * 1_000, events }
  })
  const appended = await Promise.all(drafts.map((draft, at) => log.append(at, draft)))
  const states = [emptyState]
  for (const { entry } of appended) states.push(applyEntry(states.at(-1) ?? emptyState, entry))
  return states
}

const viewer = { project: undefined, bound: false }
const all: ChangesQuery = { viewer, filter: {}, limit: 1_000, backwards: false, after: undefined }

describe('the history of a network', () => {
  it('begins with the older snapshot as soon as entries are dropped, also for who has read them', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const states = await fill(log, 40)
    const history = new History(log, () => states.at(-1) ?? emptyState)
    assert.equal((await history.changes(id, all)).items.length, 40)
    for (const at of [20, 30]) {
      const bytes = new Uint8Array(Buffer.from([...encodeState(states[at] ?? emptyState)].join('')))
      await log.keepSnapshot(sealSnapshot(await headAt(log, at), bytes, signing))
    }
    await log.compact(15)
    const { items, next } = await history.changes(id, all)
    assert.deepEqual(
      items.map(({ sequence }) => sequence),
      Array.from({ length: 20 }, (_, at) => at + 21),
    )
    assert.equal(next, undefined)
  })

  it('costs a bounded amount of reading for each page, whatever passes the filter', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const states = await fill(log, 2_500)
    const history = new History(log, () => states.at(-1) ?? emptyState)
    const filter = { actions: new Set(['network-created']) }
    const pages: number[][] = []
    for (let after: number | undefined; pages.length < 10; ) {
      const { items, next } = await history.changes(id, { viewer, filter, limit: 5, backwards: true, after })
      pages.push(items.map(({ sequence }) => sequence))
      if (next === undefined) break
      after = next
    }
    assert.deepEqual(pages, [[], [], [1]])
    const time = {
      viewer,
      filter: { since: 10_000, until: 13_000 },
      limit: 2,
      backwards: true,
      after: undefined,
    }
    const { items, next } = await history.changes(id, time)
    assert.deepEqual([items.map(({ sequence }) => sequence), next], [[13, 12], 12])
    const last = await history.changes(id, { ...time, after: next })
    assert.deepEqual([last.items.map(({ sequence }) => sequence), last.next], [[11], undefined])
  })
})
