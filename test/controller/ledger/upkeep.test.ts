import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type Logger, pino } from 'pino'
import type { Clock } from '../../../src/clock.ts'
import { readKeptHead, whatIsMissing, writeKeptHead } from '../../../src/controller/ledger/kepthead.ts'
import { Ledger } from '../../../src/controller/ledger/ledger.ts'
import { Upkeep } from '../../../src/controller/ledger/upkeep.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import type { Draft, Log } from '../../../src/log/log.ts'
import { checkSignedHead, type SignedHead } from '../../../src/log/signedhead.ts'
import { sealSnapshot } from '../../../src/log/snapshot.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import { verifyLog } from '../../../src/log/verify.ts'
import { encodeState } from '../../../src/model/codec.ts'
import { toTokenId } from '../../../src/model/names.ts'
import type { State } from '../../../src/model/state.ts'
import { change, scratch } from '../../log/fixture.ts'
import { nodeId } from '../../model/history.ts'
import { begin, creation, NETWORK, play } from '../../topology/policy/play.ts'

const DAY = 86_400_000
const START = 1_700_000_000_000
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(7)))
const text = (state: State) => [...encodeState(state, 'all')].join('')

describe('the upkeep of a log', () => {
  let dir: Awaited<ReturnType<typeof scratch>>
  let log: Log
  let lines: string[]
  let heads: SignedHead[]
  let now: number
  const closing = new AbortController()
  beforeEach(async () => {
    dir = await scratch()
    log = await openSqliteLog(dir.log)
    lines = []
    heads = []
    now = START
  })
  afterEach(async () => {
    await log[Symbol.asyncDispose]()
    await dir[Symbol.asyncDispose]()
  })

  const clock: Clock = { now: () => now, monotonic: () => now, after: () => () => undefined }
  const logger: Logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const open = () => Ledger.open(log, closing.signal, () => undefined)
  const upkeepOf = (ledger: Ledger, store: Log = log) =>
    new Upkeep({
      store,
      state: () => ledger.state,
      signing,
      clock,
      log: logger,
      settings: { historyDays: 30 },
      keepHead: async (head) => void heads.push(head),
    })

  /** Entries up to `last`, each a token more, the first one the keys. */
  async function fill(last: number): Promise<void> {
    const first = log.head().sequence
    for (let sequence = first; sequence < last; sequence += 500) {
      const group = Array.from({ length: Math.min(500, last - sequence) }, (_, index) => sequence + index)
      await Promise.all(group.map((number) => log.append(number, draft(number + 1, now))))
    }
  }

  it('takes a snapshot when it is due, from which a later start has the same state', async () => {
    await fill(10_050)
    const ledger = await open()
    const upkeep = upkeepOf(ledger)
    upkeep.onEntry({ sequence: ledger.state.sequence })
    await upkeep.run()
    while ((await log.snapshots()).length === 0) await new Promise((resolve) => setImmediate(resolve))
    await fill(10_060)
    let read = 0
    const counted = counting(log, () => read++)
    const again = await Ledger.open(counted, closing.signal, () => undefined)
    assert.equal(text(again.state), text((await openWithoutSnapshots(log, closing.signal)).state))
    assert.ok(read <= 30, `${read} entries were read`)
    await upkeep.stop()
  })

  it('takes none while another has that duty, and signs the head all the same', async () => {
    await fill(10_000)
    const takenElsewhere = new Proxy(log, {
      get: (target, name) => (name === 'lease' ? async () => false : bound(target, name)),
    })
    await upkeepOf(await open(), takenElsewhere).run()
    assert.deepEqual([(await log.snapshots()).length, heads.length], [0, 1])
  })

  it('keeps as of when members left, and goes on where an earlier release did not: the log is whole either way', async () => {
    await fill(20)
    const wishes = [1, 2].flatMap((number) =>
      (['come', 'go'] as const).map((kind) => ({ kind, number }) as const),
    )
    const { events } = play(begin('mesh'), wishes)
    await log.append(20, { ...draft(21, now), events: [creation('mesh'), ...events.slice(0, -1)] })
    const first = await open()
    const whole = text(first.state)
    await upkeepOf(first).snapshot()
    assert.equal(text((await open()).state), whole)
    await fill(22)
    const earlier = Buffer.from([...encodeState((await open()).state)].join(''))
    await log.keepSnapshot(sealSnapshot(log.head(), new Uint8Array(earlier), signing))
    await log.append(22, { ...draft(23, now), events: events.slice(-1) })
    const ledger = await open()
    await upkeepOf(ledger).snapshot()
    const left = ledger.state.networks.get(NETWORK)?.slots.leftAt
    assert.deepEqual([...(left?.keys() ?? [])], [nodeId(2)], 'of the first it is not known any more')
    assert.equal((await verifyLog(dir.log)).entries, 23)
  })

  it('passes over a snapshot that is damaged, takes the older one, and says so', async () => {
    await fill(20)
    const upkeep = upkeepOf(await open())
    await upkeep.snapshot()
    await fill(40)
    const ledger = await open()
    await upkeepOf(ledger).snapshot()
    await damageSnapshot(40)
    const again = await open()
    assert.deepEqual(
      again.passedOver.map(({ code }) => code),
      ['log-damaged'],
    )
    assert.equal(text(again.state), text(ledger.state))
    await damageSnapshot(20)
    assert.equal(text((await open()).state), text(ledger.state), 'all entries are there')
    await log.compact(15)
    await assert.rejects(open(), { code: 'log-damaged', message: /snapshot that is not what was written/ })
  })

  it('drops what is older than historyDays, but never the last 10,000 entries, and a retry answers the same', async () => {
    await fill(500)
    now += 31 * DAY
    await fill(700)
    const upkeep = upkeepOf(await open())
    await upkeep.snapshot()
    await upkeep.run()
    assert.equal((await log.base()).sequence, 0, 'there are too few')
    await fill(10_600)
    const before = await log.find('op-560')
    const late = await open()
    await upkeepOf(late).run()
    assert.equal((await log.base()).sequence, 500, 'younger ones stay')
    const before10Years = now
    now += 3_650 * DAY
    await fill(10_700)
    await upkeepOf(await open()).run()
    assert.equal((await log.base()).sequence, 500, 'a clock that jumps ahead makes none of them old')
    now = before10Years
    const again = await late.change({ actor: 'test', operation: 'op-560', at: now }, () =>
      assert.fail('done before'),
    )
    assert.deepEqual([again.repeated, again.entry], [true, before])
    assert.equal(text((await open()).state), text(late.state))
  })

  it('signs the head once each time it has moved', async () => {
    await fill(3)
    const upkeep = upkeepOf(await open())
    await upkeep.signHead()
    await upkeep.signHead()
    await fill(4)
    await upkeep.stop()
    assert.deepEqual(
      heads.map(({ sequence }) => sequence),
      [3, 4],
    )
    for (const head of heads) checkSignedHead(head, signing.publicKey)
    const forged = { ...heads[0], sequence: 2 } as SignedHead
    assert.throws(() => checkSignedHead(forged, signing.publicKey), { code: 'log-damaged' })
  })

  it('goes on after what fails, and says why', async () => {
    await fill(3)
    const ledger = await open()
    const upkeep = new Upkeep({
      ...{ store: log, state: () => ledger.state, signing, clock, log: logger, settings: { historyDays: 1 } },
      keepHead: () => Promise.reject(new Error('no such disk')),
    })
    await upkeep.run()
    await upkeep.stop()
    assert.ok(lines.some((line) => line.includes('upkeep of the log failed')))
  })

  describe('a head that was kept', () => {
    const file = () => join(dir.path, 'head.json')
    const check = async () => {
      const kept = await readKeptHead(file())
      assert.ok(kept)
      return whatIsMissing(kept, log, (await open()).state)
    }
    const keep = async () => {
      await upkeepOf(await open()).signHead()
      const head = heads.at(-1)
      assert.ok(head)
      await writeKeptHead(file(), head)
    }

    it('fits the log it is of, and a longer one', async () => {
      assert.equal(await readKeptHead(file()), undefined)
      await fill(10)
      await keep()
      assert.equal(await check(), undefined)
      await fill(20)
      assert.equal(await check(), undefined)
    })

    it('shows an old copy and another history, until there is a new epoch', async () => {
      await fill(10)
      await keep()
      await log[Symbol.asyncDispose]()
      cutBehind(7)
      log = await openSqliteLog(dir.log)
      assert.match((await check()) ?? '', /had 10 entries, but now it ends with entry 7/)
      now += 1
      await fill(12)
      assert.match((await check()) ?? '', /entry 10 is another one now/)
      await log.append(12, { ...change(99), events: [{ type: 'epoch-raised', epoch: 2 }] })
      assert.equal(await check(), undefined)
    })

    it('is refused when somebody else signed it, or nobody', async () => {
      await fill(10)
      await keep()
      const kept = JSON.parse(await readFile(file(), 'utf8'))
      for (const altered of [{ sequence: 9 }, { hash: 'a'.repeat(64) }, { epoch: 2 }, { at: 1 }]) {
        await writeFile(file(), JSON.stringify({ ...kept, ...altered }))
        await assert.rejects(check(), { code: 'log-damaged', message: /not signed by the controller/ })
      }
      await writeFile(file(), 'nothing')
      await assert.rejects(check(), { code: 'log-damaged', message: /cannot be read/ })
    })
  })

  function cutBehind(sequence: number): void {
    using database = new DatabaseSync(dir.log)
    database.exec(`DELETE FROM entries WHERE sequence > ${sequence}`)
  }

  async function damageSnapshot(sequence: number): Promise<void> {
    await log[Symbol.asyncDispose]()
    {
      using database = new DatabaseSync(dir.log)
      const old = database.prepare('SELECT bytes FROM snapshot_parts WHERE sequence = ?').get(sequence)?.bytes
      assert.ok(old instanceof Uint8Array)
      const bytes = Buffer.from(old)
      bytes.write('t9', bytes.indexOf('"name":"t3"') + '"name":"'.length)
      database.prepare('UPDATE snapshot_parts SET bytes = ? WHERE sequence = ?').run(bytes, sequence)
    }
    log = await openSqliteLog(dir.log)
  }
})

function draft(number: number, at: number): Draft {
  const id = toTokenId(Buffer.from(String(number).padStart(10, '0')))
  const events: Draft['events'] =
    number === 1
      ? [
          {
            type: 'controller-initialised',
            epoch: 1,
            publicKey: signing.publicKey,
            wrappedSeed: '',
            certificate: '',
            wrappedCertificateKey: '',
          },
        ]
      : [{ type: 'api-token-created', id, name: `t${number}`, role: 'admin', hash: String(number), at }]
  return { operation: `op-${number}`, at, actor: 'test', events }
}

function counting(log: Log, count: () => void): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name !== 'read') return bound(target, name)
      return async function* (from: number) {
        for await (const entry of target.read(from)) {
          count()
          yield entry
        }
      }
    },
  })
}

function bound(log: Log, name: string | symbol): unknown {
  const value = Reflect.get(log, name)
  return typeof value === 'function' ? value.bind(log) : value
}

function openWithoutSnapshots(log: Log, signal: AbortSignal): Promise<Ledger> {
  const without = new Proxy(log, {
    get(target, name) {
      if (name === 'snapshots') return async () => []
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return Ledger.open(without, signal, () => undefined)
}
