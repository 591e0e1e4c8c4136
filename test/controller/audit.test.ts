import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PastStates } from '../../src/controller/audit/past-states.ts'
import { AuditTrail } from '../../src/controller/audit/trail.ts'
import type { Log } from '../../src/log/log.ts'
import { headAt, sealSnapshot } from '../../src/log/snapshot.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { encodeState } from '../../src/model/codec.ts'
import { emptyState, type State } from '../../src/model/state.ts'
import { change, INITIALISED, scratch, signing } from '../log/fixture.ts'

/** A log whose entry N raises the epoch to N, and the state after each. */
async function fill(log: Log, entries: number): Promise<readonly State[]> {
  const drafts = Array.from({ length: entries }, (_, at) => ({
    ...change(at + 1),
    ...(at === 0 && { events: [INITIALISED] }),
  }))
  const appended = await Promise.all(drafts.map((draft, at) => log.append(at, draft)))
  const states = [emptyState]
  for (const { entry } of appended) states.push(applyEntry(states.at(-1) ?? emptyState, entry))
  return states
}

async function keep(log: Log, state: State): Promise<void> {
  const bytes = new Uint8Array(Buffer.from([...encodeState(state)].join('')))
  await log.keepSnapshot(sealSnapshot(await headAt(log, state.sequence), bytes, signing))
}

describe('the states around entries of the past', () => {
  it('are those that the log leads to, in whatever order they are asked for', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const states = await fill(log, 900)
    const past = new PastStates(log)
    for (const [from, to] of [
      [850, 900],
      [300, 420],
      [1, 10],
      [299, 301],
      [600, 855],
      [1, 256],
    ] as const) {
      const steps = await past.steps(from, to)
      assert.equal(steps.length, to - from + 1)
      for (const { entry, before, after, complete } of steps) {
        assert.ok(complete)
        assert.equal(before.epoch, states[entry.sequence - 1]?.epoch)
        assert.deepEqual([after.epoch, after.sequence], [states[entry.sequence]?.epoch, entry.sequence])
      }
    }
  })

  it('are folded once, and not for each page again', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await fill(log, 1_000)
    let read = 0
    const counting: Log = Object.create(log, {
      read: {
        async *value(from: number) {
          for await (const entry of log.read(from)) {
            read += 1
            yield entry
          }
        },
      },
      head: { value: () => log.head() },
      base: { value: () => log.base() },
      snapshots: { value: () => log.snapshots() },
    })
    const past = new PastStates(counting)
    for (let to = 1_000; to > 0; to -= 50) await past.steps(to - 49, to)
    // Once to the end, once in pages, and to each page from at most 256 before it.
    assert.ok(read <= 1_000 + 1_000 + 20 * 256, `${read} entries were read`)
  })

  it('begin with the oldest snapshot where entries were dropped; the log says so, and goes back further', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const states = await fill(log, 40)
    for (const at of [20, 30]) await keep(log, states[at] ?? emptyState)
    await log.compact(15)
    const steps = await new PastStates(log).steps(16, 40)
    for (const { entry, before, after, complete } of steps) {
      assert.equal(complete, entry.sequence > 20)
      if (!complete) continue
      assert.equal(before.epoch, entry.sequence - 1)
      assert.equal(after.epoch, entry.sequence)
    }
    const page = await new AuditTrail(log).page({
      viewer: { project: undefined, bound: false },
      filter: {},
      limit: 1_000,
      backwards: false,
      after: undefined,
    })
    assert.deepEqual(page.reach, { first: 16, completeFrom: 21, head: log.head() })
    const [first] = page.items
    assert.deepEqual(
      [first?.sequence, first?.complete, first?.what, first?.changes],
      [16, false, ['began epoch 16'], []],
    )
    assert.deepEqual(page.items.at(-1)?.changes, [
      { kind: 'controller', id: 'controller', name: null, before: { epoch: 39 }, after: { epoch: 40 } },
    ])
  })

  it('cost a bounded amount of reading for each page, whatever passes the filter', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await fill(log, 6_000)
    const trail = new AuditTrail(log)
    const common = { viewer: { project: undefined, bound: false }, filter: { actor: 'nobody' }, limit: 10 }
    const page = await trail.page({ ...common, backwards: true, after: undefined })
    assert.deepEqual([page.items, page.next], [[], 881])
    const rest = await trail.page({ ...common, backwards: true, after: page.next })
    assert.deepEqual([rest.items, rest.next], [[], undefined])
    const since = { since: 1_700_000_000_000 + 5_990 + 3_600_000 }
    const timed = await trail.page({ ...common, filter: since, backwards: false, after: undefined })
    assert.deepEqual([timed.items, timed.next], [[], undefined])
  })
})
