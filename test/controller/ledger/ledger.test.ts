import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type ChangeRequest, Ledger } from '../../../src/controller/ledger/ledger.ts'
import { WeftError } from '../../../src/errors.ts'
import type { Draft, Log } from '../../../src/log/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import type { Event } from '../../../src/model/event.ts'
import { toTokenId } from '../../../src/model/names.ts'
import type { State } from '../../../src/model/state.ts'

describe('The ledger', () => {
  let directory: string
  let log: Log
  let closing: AbortController
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weft-ledger-'))
    log = await openSqliteLog(join(directory, 'log.db'))
    closing = new AbortController()
  })
  afterEach(async () => {
    closing.abort()
    await log[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  const open = (from: Log = log) => Ledger.open(from, closing.signal, () => undefined)

  it('decides many changes on each other while none is durable yet, and loses none', async () => {
    const ledger = await open()
    const seen = await Promise.all(
      Array.from({ length: 200 }, (_, at) => ledger.change(request(`op-${at}`), addToken)),
    )
    assert.equal(ledger.state.apiTokens.size, 200)
    assert.deepEqual(
      seen.map((outcome) => (outcome.repeated ? -1 : outcome.result)).toSorted((a, b) => a - b),
      range(200),
    )
  })

  it('goes no further than an event that a later release wrote, and says which', async () => {
    const unknown = { code: 'unsupported', message: /does not know: of-a-later-release/ }
    const failure = Promise.withResolvers<unknown>()
    const ledger = await Ledger.open(log, closing.signal, failure.resolve)
    await ledger.change(request('one'), addToken)
    const events = [{ type: 'of-a-later-release' } as unknown as Event]
    await log.append(1, { operation: 'later', at: 1, actor: 'system', events })
    await assert.rejects(Promise.reject(await failure.promise), unknown)
    assert.deepEqual([ledger.state.sequence, ledger.state.apiTokens.size], [1, 1])
    await assert.rejects(open(), unknown)
  })

  it('answers with a state in which the change is', async () => {
    const ledger = await open()
    const { state } = await ledger.change(request('one'), addToken)
    assert.equal(state.apiTokens.size, 1)
    assert.equal(state.sequence, 1)
  })

  it('does the same operation once, also when it is asked for again at the same moment', async () => {
    const ledger = await open()
    const outcomes = await Promise.all([1, 2, 3].map(() => ledger.change(request('same'), addToken)))
    assert.equal(ledger.state.apiTokens.size, 1)
    assert.equal(outcomes.filter(({ repeated }) => repeated).length, 2)
    assert.deepEqual(new Set(outcomes.map(({ entry }) => entry?.sequence)), new Set([1]))
  })

  it('gives the same answer to the same operation when the second one would have nothing to do', async () => {
    const ledger = await open()
    const once = (state: State) => (state.apiTokens.size === 0 ? addToken(state) : { events: [], result: -1 })
    const outcomes = await Promise.all([1, 2, 3].map(() => ledger.change(request('same'), once)))
    assert.deepEqual(
      outcomes.map(({ repeated, entry }) => [repeated, entry?.sequence]),
      [
        [false, 1],
        [true, 1],
        [true, 1],
      ],
    )
  })

  it('decides on nothing of a change whose operation turns out to have been done before', async () => {
    // As with one that another controller did in between.
    const look = async () => ({ entry: undefined, refusal: '' })
    const ledger = await open({ ...failing(log, []), look })
    await ledger.change(request('same'), addToken)
    assert.ok((await ledger.change(request('same'), addToken)).repeated)
    const { state } = await ledger.change(request('other'), addToken)
    assert.deepEqual([state.sequence, state.apiTokens.size], [2, 2])
  })

  it('searches for an operation, but not for one that is named for the call', async () => {
    const searched: string[] = []
    const look = (operation: string) => {
      searched.push(operation)
      return log.look(operation)
    }
    const ledger = await open({ ...failing(log, []), look })
    await ledger.change(request('named before'), addToken)
    await ledger.change({ ...request('named now'), isNew: true }, addToken)
    assert.deepEqual([searched, ledger.state.apiTokens.size], [['named before'], 2])
  })

  it('has the same state again when it is opened anew', async () => {
    const ledger = await open()
    await ledger.change(request('one'), addToken)
    await ledger.change(request('two'), addToken)
    const again = await open()
    assert.equal(again.state.sequence, 2)
    assert.equal(again.state.apiTokens.size, 2)
    assert.deepEqual(again.state.apiTokens.toJSON(), ledger.state.apiTokens.toJSON())
  })

  it('has the last entries at hand when it is opened anew, with the states around them', async () => {
    const ledger = await open()
    await Promise.all(range(600).map((at) => ledger.change(request(`op-${at}`), addToken)))
    const { recent } = await open()
    assert.deepEqual(
      recent.map(({ entry, before, after }) => [entry.sequence, before.sequence, after.sequence]),
      range(256).map((at) => [345 + at, 344 + at, 345 + at]),
    )
  })

  it('appends nothing when nothing is decided, and nothing when the decision throws', async () => {
    const ledger = await open()
    await ledger.change(request('none'), () => ({ events: [], result: undefined }))
    await assert.rejects(
      ledger.change(request('bad'), () => {
        throw new WeftError('invalid-input', 'no')
      }),
      { code: 'invalid-input' },
    )
    assert.equal(log.head().sequence, 0)
  })

  it('drops what was decided upon a change that the log refused, and goes on from what is durable', async () => {
    const ledger = await open(failing(log, ['op-1', 'op-2']))
    const outcomes = await Promise.allSettled(
      range(4).map((at) => ledger.change(request(`op-${at}`), addToken)),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
    assert.equal(ledger.state.apiTokens.size, 2)
    const { state } = await ledger.change(request('after'), addToken)
    assert.equal(state.apiTokens.size, 3)
  })

  it('refuses only what is wrong in itself while the log cannot be asked how far it is', async () => {
    const ledger = await open(silent(log))
    const refuse = (code: 'token-spent' | 'invalid-input') =>
      ledger.change(request(code), () => {
        throw new WeftError(code, 'no')
      })
    await assert.rejects(refuse('token-spent'), { code: 'store-unavailable' })
    await assert.rejects(refuse('invalid-input'), { code: 'invalid-input' })
  })

  it('refuses nothing for the sake of a change that the log did not take', async () => {
    const ledger = await open(failing(log, ['first']))
    const only = (state: State) => {
      if (state.apiTokens.size > 0) throw new WeftError('already-exists', 'no')
      return addToken(state)
    }
    const [first, second] = await Promise.allSettled(
      ['first', 'second'].map((name) => ledger.change(request(name), only)),
    )
    assert.equal(first?.status, 'rejected')
    const reason = second?.status === 'rejected' ? second.reason.code : undefined
    assert.notEqual(reason, 'already-exists')
  })

  it('does not pass what it has for the latest while nobody can say so', async () => {
    const ledger = await open(silent(log))
    await ledger.change(request('one'), addToken)
    await assert.rejects(ledger.catchUp(), { code: 'store-unavailable' })
    assert.equal((await ledger.comeTo(1, 50)).sequence, 1, 'what was asked for is there')
    await assert.rejects(ledger.comeTo(2, 50), { code: 'store-unavailable', message: /not come to entry 2/ })
  })

  it('decides again when another writer was faster, and follows what that one wrote', async () => {
    const ledger = await open()
    await log.append(0, { ...request('foreign'), events: [token(0)] })
    const { state } = await ledger.change(request('own'), addToken)
    assert.equal(state.apiTokens.size, 2)
    assert.equal(state.sequence, 2)
  })

  it('tells its listeners of every entry, in order, with the state before and after', async () => {
    const ledger = await open()
    const seen: [number, number, number][] = []
    ledger.onEntry((entry, before, after) =>
      seen.push([entry.sequence, before.apiTokens.size, after.apiTokens.size]),
    )
    await Promise.all(range(5).map((at) => ledger.change(request(`op-${at}`), addToken)))
    assert.deepEqual(
      seen,
      range(5).map((at) => [at + 1, at, at + 1]),
    )
  })
})

/** Adds one more token, and answers how many there were: so decisions that miss each other show. */
function addToken(state: State) {
  return { events: [token(state.apiTokens.size)], result: state.apiTokens.size }
}

function token(number: number): Event {
  const id = toTokenId(Buffer.alloc(10, number))
  return { type: 'api-token-created', id, name: String(number), hash: String(number), role: 'viewer', at: 0 }
}

function request(operation: string): ChangeRequest {
  return { actor: 'test', operation, at: 0 }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at)
}

/** A log on a disk that refuses these operations, each once. */
function silent(log: Log): Log {
  const refresh = () => Promise.reject(new WeftError('store-unavailable', 'There is no answer.'))
  return { ...failing(log, []), refresh }
}

function failing(log: Log, operations: readonly string[]): Log {
  const left = new Set(operations)
  return {
    head: () => log.head(),
    refresh: () => log.refresh(),
    lease: (duty, life) => log.lease(duty, life),
    find: (operation) => log.find(operation),
    look: (operation) => log.look(operation),
    refuse: (operation) => log.refuse(operation),
    read: (from) => log.read(from),
    follow: (from, signal) => log.follow(from, signal),
    snapshots: () => log.snapshots(),
    keepSnapshot: (snapshot) => log.keepSnapshot(snapshot),
    base: () => log.base(),
    compact: (sequence) => log.compact(sequence),
    beginAt: (base) => log.beginAt(base),
    failed: log.failed,
    refusal: log.refusal,
    append(expected: number, draft: Draft) {
      if (!left.delete(draft.operation)) return log.append(expected, draft)
      return Promise.reject(new WeftError('store-unavailable', 'The disk is full.'))
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}
