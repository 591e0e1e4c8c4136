import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Draft, Head, Log, Snapshot } from '../../src/log/log.ts'
import { appendAll, change, collect } from './fixture.ts'

/** One empty store of an engine, which goes away at the end of its scope. */
export interface Engine extends AsyncDisposable {
  /** A log on this store; after the one before was closed, what a restart finds. */
  open(): Promise<Log>
}

/** What every engine has to do, tried on real stores. `start` makes a new one for each test. */
export function describeContract(
  name: string,
  start: () => Promise<Engine>,
  { histories = 40 }: { readonly histories?: number } = {},
): void {
  const trying = (title: string, body: (engine: Engine) => Promise<void>) =>
    it(title, async () => {
      await using engine = await start()
      await body(engine)
    })
  describe(`append, ${name}`, () => describeAppend(trying))
  describe(`read and follow, ${name}`, () => describeReading(trying))
  describe(`closing, ${name}`, () => describeClosing(trying))
  describe(`snapshots, ${name}`, () => describeSnapshots(trying))
  describe(`compaction, ${name}`, () => describeCompaction(trying))
  describe(`any history, ${name}`, () => describeHistories(start, histories))
}

type Trying = (title: string, body: (engine: Engine) => Promise<void>) => void

function describeAppend(trying: Trying): void {
  trying('numbers entries from 1, chains them, and gives back what was written', async (engine) => {
    await using log = await engine.open()
    assert.deepEqual(log.head(), { sequence: 0, hash: '0'.repeat(64) })
    const first = await log.append(0, change(1))
    const second = await log.append(1, change(2))
    assert.deepEqual(first, { entry: { ...change(1), sequence: 1, hash: first.entry.hash }, repeated: false })
    assert.equal(second.entry.sequence, 2)
    assert.match(second.entry.hash, /^[0-9a-f]{64}$/)
    assert.notEqual(second.entry.hash, first.entry.hash)
    assert.deepEqual(log.head(), { sequence: 2, hash: second.entry.hash })
    assert.deepEqual(await collect(log.read(1)), [first.entry, second.entry])
  })

  trying('refuses a change that was decided on another state', async (engine) => {
    await using log = await engine.open()
    await log.append(0, change(1))
    for (const expected of [0, 2, -1]) {
      await assert.rejects(log.append(expected, change(2)), { code: 'conflict' })
    }
    assert.equal(log.head().sequence, 1)
  })

  trying('counts the entries that are on their way to the disk', async (engine) => {
    await using log = await engine.open()
    const one = log.append(0, change(1))
    const two = log.append(1, change(2))
    const late = assert.rejects(log.append(1, change(3)), { code: 'conflict' })
    assert.equal(log.head().sequence, 0, 'nothing is durable yet')
    assert.deepEqual([(await one).entry.sequence, (await two).entry.sequence], [1, 2])
    await late
  })

  trying(
    'answers an operation that was done with its first entry, whatever is expected now',
    async (engine) => {
      await using log = await engine.open()
      const underWay = log.append(0, change(1))
      const meanwhile = log.append(0, change(1))
      const { entry } = await underWay
      assert.deepEqual(await meanwhile, { entry, repeated: true })
      await log.append(1, change(2))
      assert.deepEqual(await log.append(77, { ...change(3), operation: 'op-1' }), { entry, repeated: true })
      assert.equal(log.head().sequence, 2)
    },
  )

  trying('finds entries by their operation, durable ones only', async (engine) => {
    await using log = await engine.open()
    const writing = log.append(0, change(1))
    assert.equal(await log.find('op-2'), undefined)
    const { entry } = await writing
    assert.deepEqual(await log.find('op-1'), entry)
  })

  trying('refuses an operation that was not done, and not one that was', async (engine) => {
    await using log = await engine.open()
    assert.equal(await log.refuse('op-1'), undefined)
    assert.equal(await log.find('op-1'), undefined)
    const { refusal } = await log.look('op-1')
    const { entry } = await log.append(0, change(1), { refusal })
    assert.deepEqual(await log.refuse('op-1'), entry)
    assert.equal(await log.refuse('op-2'), undefined)
    assert.equal(log.head().sequence, 1)
  })

  trying('puts no change behind another than the one it was decided on', async (engine) => {
    await using log = await engine.open()
    const [first, other, next] = [change(1), change(2), change(3)]
    const underWay = log.append(0, first)
    await assert.rejects(log.append(1, next, { after: other }), { code: 'conflict' })
    const behind = log.append(1, next, { after: first })
    await underWay
    assert.equal((await behind).entry.sequence, 2)
    await assert.rejects(log.append(2, other, { after: first }), { code: 'conflict' })
    assert.equal((await log.append(2, other, { after: next })).entry.sequence, 3, 'also when that is durable')
  })

  trying('never writes a secret', async (engine) => {
    await using log = await engine.open()
    const draft = { ...change(1), events: [new SecretBytes(new Uint8Array(32))] } as unknown as Draft
    await assert.rejects(log.append(0, draft), TypeError)
    assert.equal((await log.append(0, change(2))).entry.sequence, 1, 'the failed one left nothing behind')
  })

  trying('takes more at once than fit into one group', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 1_300)
    assert.deepEqual(await operations(log), range(1, 1_300).map(operation))
  })
}

function describeReading(trying: Trying): void {
  trying('begin where they are told to', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 300)
    const entries = await collect(log.read(200))
    assert.deepEqual([entries[0]?.sequence, entries.length], [200, 101])
    assert.deepEqual(await collect(log.read(301)), [])
    await assert.rejects(collect(log.read(302)), { code: 'conflict' })
  })

  trying('read ends where the log ended, however much is written meanwhile', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 300)
    const seen: number[] = []
    for await (const { sequence } of log.read(1)) {
      seen.push(sequence)
      if (sequence % 100 === 0) await log.append(log.head().sequence, change(300 + sequence))
    }
    assert.deepEqual(seen, range(1, 300))
    assert.equal(log.head().sequence, 303)
  })

  trying('follow gives what was there and then what comes, in order and without gaps', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 200)
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { sequence } of log.follow(1, stop.signal)) {
        if (seen.push(sequence) === 500) stop.abort()
      }
    })()
    for (let number = 201; number <= 500; number += 20) await appendAll(log, number, number + 19)
    await following
    assert.deepEqual(seen, range(1, 500))
  })

  trying('follow ends when it is aborted, and when the log is closed', async (engine) => {
    const log = await engine.open()
    const stop = new AbortController()
    const ends = [
      collect(log.follow(1, stop.signal)),
      collect(log.follow(1, AbortSignal.abort())),
      collect(log.follow(1, new AbortController().signal)),
    ]
    stop.abort()
    await Promise.all(ends.slice(0, 2))
    await log[Symbol.asyncDispose]()
    assert.deepEqual(await Promise.all(ends), [[], [], []])
  })
}

function describeClosing(trying: Trying): void {
  trying(
    'writes what is under way, refuses what comes later, and a second start finds all',
    async (engine) => {
      const log = await engine.open()
      const writing = log.append(0, change(1))
      await log[Symbol.asyncDispose]()
      await log[Symbol.asyncDispose]()
      const { entry } = await writing
      assert.equal(entry.sequence, 1)
      await assert.rejects(log.append(1, change(2)), { code: 'unavailable' })
      await using again = await engine.open()
      assert.deepEqual(again.head(), { sequence: 1, hash: entry.hash })
      assert.deepEqual(await again.append(9, change(1)), { entry, repeated: true })
      assert.deepEqual(await collect(again.read(1)), [entry])
    },
  )
}

function describeSnapshots(trying: Trying): void {
  trying('are none at first; the newest two are kept, also over a restart', async (engine) => {
    const log = await engine.open()
    await appendAll(log, 1, 30)
    assert.deepEqual(await log.snapshots(), [])
    const kept = await Promise.all([10, 20, 30].map((sequence) => snapshotAt(log, sequence)))
    for (const snapshot of kept) await log.keepSnapshot(snapshot)
    const [, second, third] = kept
    assert.deepEqual(await log.snapshots(), [third, second])
    await log[Symbol.asyncDispose]()
    await using again = await engine.open()
    assert.deepEqual(await again.snapshots(), [third, second])
    assert.equal(again.head().sequence, 30)
  })

  trying('can be megabytes, and writes go on meanwhile', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 10)
    const snapshot = await snapshotAt(log, 10, 5_000_000)
    const keeping = log.keepSnapshot(snapshot)
    const appending = appendAll(log, 11, 400)
    await Promise.all([keeping, appending])
    const [found] = await log.snapshots()
    assert.deepEqual([found?.sequence, found?.state.length], [10, 5_000_000])
    assert.ok(found && Buffer.compare(found.state, snapshot.state) === 0)
  })

  trying(
    'are refused where the chain does not go through them, and when a newer one is kept',
    async (engine) => {
      await using log = await engine.open()
      await appendAll(log, 1, 20)
      const [old, snapshot] = [await snapshotAt(log, 5), await snapshotAt(log, 10)]
      for (const wrong of [
        { ...snapshot, hash: 'f'.repeat(64) },
        { ...snapshot, sequence: 11 },
        { ...snapshot, sequence: 21 },
        { ...snapshot, sequence: 0 },
      ])
        await assert.rejects(log.keepSnapshot(wrong), { code: 'conflict' })
      await log.keepSnapshot(snapshot)
      await assert.rejects(log.keepSnapshot(old), { code: 'conflict' })
      await assert.rejects(log.keepSnapshot(snapshot), { code: 'conflict' })
      assert.deepEqual(await log.snapshots(), [snapshot])
    },
  )
}

function describeCompaction(trying: Trying): void {
  trying('drops nothing without a snapshot, and nothing behind the older one', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 30)
    assert.deepEqual(await log.compact(30), EMPTY)
    await log.keepSnapshot(await snapshotAt(log, 10))
    await log.keepSnapshot(await snapshotAt(log, 20))
    const tenth = await headAt(log, 10)
    assert.deepEqual(await log.compact(30), tenth)
    assert.deepEqual(await log.base(), tenth)
    assert.deepEqual(await operations(log, 11), range(11, 30).map(operation))
  })

  trying(
    'takes the operations of what it drops, keeps those of the rest, and writing goes on',
    async (engine) => {
      const log = await engine.open()
      const entries = (await appendAll(log, 1, 300)).map(({ entry }) => entry)
      await log.keepSnapshot(await snapshotAt(log, 250))
      const seventh = await headAt(log, 207)
      assert.deepEqual(await log.compact(207), seventh)
      assert.deepEqual(await log.compact(100), seventh, 'it never goes back')
      for (const open of [async () => log, () => reopen(engine, log)]) {
        await using now = await open()
        assert.deepEqual(await now.base(), seventh)
        assert.equal(await now.find('op-207'), undefined)
        assert.deepEqual(await now.find('op-208'), entries[207])
        assert.deepEqual(await now.append(0, change(208)), { entry: entries[207], repeated: true })
        for (const from of [1, 207]) await assert.rejects(collect(now.read(from)), { code: 'not-found' })
        assert.equal((await collect(now.read(208))).at(0)?.operation, 'op-208')
        const next = now.head().sequence + 1
        await now.append(next - 1, change(next))
        assert.deepEqual(await operations(now, 208), range(208, next).map(operation))
      }
    },
  )

  trying('can drop every entry, and the chain goes on', async (engine) => {
    const log = await engine.open()
    await appendAll(log, 1, 10)
    await log.keepSnapshot(await snapshotAt(log, 10))
    const head = log.head()
    assert.deepEqual(await log.compact(10), head)
    await using again = await reopen(engine, log)
    assert.deepEqual([again.head(), await again.base()], [head, head])
    const { entry } = await again.append(10, change(11))
    assert.equal(entry.sequence, 11)
    assert.deepEqual(await collect(again.read(11)), [entry])
  })

  trying(
    'is taken over by an empty log, which goes on from there; by another it is refused',
    async (engine) => {
      const log = await engine.open()
      const base = { sequence: 41, hash: 'a'.repeat(64) }
      await log.beginAt(base)
      assert.deepEqual([log.head(), await log.base()], [base, base])
      await log.keepSnapshot({ ...base, state: new Uint8Array([1]), signature: 'signed' })
      const { entry } = await log.append(41, change(42))
      await assert.rejects(log.beginAt(base), { code: 'conflict' })
      await using again = await reopen(engine, log)
      assert.deepEqual(await collect(again.read(42)), [entry])
      assert.equal((await again.snapshots())[0]?.sequence, 41)
      assert.deepEqual([await again.base(), again.head().sequence], [base, 42])
    },
  )

  trying('runs beside writes and readers', async (engine) => {
    await using log = await engine.open()
    await appendAll(log, 1, 2_000)
    await log.keepSnapshot(await snapshotAt(log, 2_000))
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { sequence } of log.follow(2_001, stop.signal)) {
        if (seen.push(sequence) === 500) stop.abort()
      }
    })()
    await Promise.all([log.compact(1_900), appendAll(log, 2_001, 2_500), following])
    assert.deepEqual(seen, range(2_001, 2_500))
    assert.equal((await collect(log.read(1_901))).length, 600)
  })
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      number: fc.nat(30),
      skew: fc.constantFrom(0, 0, 0, -1, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('wait', 'restart', 'snapshot', 'compact') }) },
)

function describeHistories(start: () => Promise<Engine>, numRuns: number): void {
  it('of appends, repeats, stale appends, snapshots, compactions and restarts is what a plain list makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        await using engine = await start()
        let log = await engine.open()
        const list: string[] = []
        let [dropped, snapshots]: [number, number[]] = [0, []]
        let answers: Promise<void>[] = []
        const settle = async () => {
          await Promise.all(answers)
          answers = []
        }
        for (const each of steps) {
          if (each.kind !== 'append') await settle()
          if (each.kind === 'restart') log = await reopen(engine, log)
          if (each.kind === 'snapshot' && list.length > (snapshots[0] ?? 0)) {
            await log.keepSnapshot(await snapshotAt(log, list.length))
            snapshots = [list.length, ...snapshots].slice(0, 2)
          }
          if (each.kind === 'compact') {
            dropped = Math.max(dropped, Math.min(list.length - 3, snapshots.at(-1) ?? 0))
            assert.equal((await log.compact(list.length - 3)).sequence, dropped)
          }
          if (!('number' in each)) continue
          const draft = change(each.number)
          const found = list.indexOf(draft.operation, dropped)
          const answer = log.append(list.length + each.skew, draft)
          if (found < 0 && each.skew !== 0) {
            answers.push(assert.rejects(answer, { code: 'conflict' }))
            continue
          }
          const sequence = found < 0 ? list.push(draft.operation) : found + 1
          const expected = [sequence, found >= 0]
          answers.push(
            answer.then(({ entry, repeated }) => assert.deepEqual([entry.sequence, repeated], expected)),
          )
        }
        await settle()
        assert.deepEqual(await operations(log, dropped + 1), list.slice(dropped))
        await log[Symbol.asyncDispose]()
      }),
      { numRuns },
    )
  })
}

const EMPTY: Head = { sequence: 0, hash: '0'.repeat(64) }

async function reopen(engine: Engine, log: Log): Promise<Log> {
  await log[Symbol.asyncDispose]()
  return engine.open()
}

/** A snapshot as a controller would make it, except that its content means nothing. */
export async function snapshotAt(log: Log, sequence: number, size = 100): Promise<Snapshot> {
  const state = Buffer.alloc(size, `state at ${sequence};`)
  return { ...(await headAt(log, sequence)), state: new Uint8Array(state), signature: `signed-${sequence}` }
}

async function headAt(log: Log, sequence: number): Promise<Head> {
  for await (const { hash } of log.read(sequence)) return { sequence, hash }
  throw new RangeError(`no entry ${sequence}`)
}

async function operations(log: Log, from = 1): Promise<string[]> {
  return (await collect(log.read(from))).map(({ operation }) => operation)
}

const operation = (number: number) => `op-${number}`

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
