import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { setImmediate as othersFirst } from 'node:timers/promises'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { fastify } from 'fastify'
import { create } from '../../src/api/change.ts'
import type { App } from '../../src/api/instance.ts'
import { keepSequence } from '../../src/api/sequence.ts'
import { systemClock } from '../../src/clock.ts'
import { type Asked, Changes } from '../../src/controller/changes.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { catchUpInTime, changeInTime, type Deadline, deadlineOf } from '../../src/controller/intime.ts'
import type { Ledger } from '../../src/controller/ledger/ledger.ts'
import type { ControllerSettings } from '../../src/controller/settings.ts'
import { toWeftError, WeftError } from '../../src/errors.ts'
import { systemRandom } from '../../src/keys/random.ts'
import type { Row } from '../../src/log/chain.ts'
import { unknown } from '../../src/log/redis/errors.ts'

/** Milliseconds after which the store answers; Infinity: never. */
interface Slowness {
  readonly comeTo?: number
  readonly catchUp?: number
  readonly change?: number
  /** It was made before: what it came to is read once more. */
  readonly recall?: number
}

describe('a request to a controller whose store is slow', () => {
  for (const [title, slowness, code, most] of [
    ['is answered when the store has answered', { comeTo: 400, catchUp: 1_200, change: 1_500 }, '', 2_700],
    ['is refused before its change is begun', { comeTo: 900, catchUp: Infinity }, 'not begun', 1_300],
    ['that its caller has seen further is refused too', { comeTo: Infinity }, 'behind', 1_300],
    ['is left open in time', { comeTo: 1_200, catchUp: 1_200, change: Infinity }, 'open', 2_800],
    ['reads what it repeats', { catchUp: 1_200, change: 1_200, recall: 300 }, '', 2_700],
    ['reads that no longer than it may take', { change: 1_400, recall: Infinity }, 'made', 2_800],
  ] as const) {
    it(`${title}, at once or in less than three seconds`, async () => {
      const answer = await ask('POST', slowness)
      assert.deepEqual([answer.said, answer.took <= most], [code, true], `${answer.took} ms`)
    })
  }

  it('may take all of it when it only reads', async () => {
    assert.deepEqual(await ask('GET', { comeTo: 2_700 }), { said: '', took: 2_700 })
    assert.deepEqual(await ask('GET', { comeTo: Infinity }), { said: 'behind', took: 2_800 })
  })

  it('of which nobody knows what came is to be repeated by its key, or looked for where none was given', async () => {
    const parts = { clock: systemClock, random: systemRandom, durable: () => undefined }
    const settings = { store: 'redis' } as ControllerSettings
    const deadline = { known: 0, answered: 0 }
    const never = { change: () => new Promise(() => undefined) } as unknown as Ledger
    const lost = unknown({ operation: 'x' } as Row, 'the connection broke', undefined)
    const broken = { change: () => Promise.reject(lost) } as unknown as Ledger
    for (const ledger of [never, broken]) {
      const changes = new Changes({ ...parts, settings, ledger })
      const told = (asked: Partial<Asked>) =>
        changes
          .change({ actor: 'a', deadline, ...asked }, () => ({ events: [], result: '' }))
          .then(String, ({ message, advice }) => `${message} ${advice}`)
      const [withKey, without] = await Promise.all([told({ operation: 'a:key' }), told({})])
      assert.match(withKey, /^Whether the change was made is not known.* Retry with the same Idempotency-Key/)
      assert.match(without, /^Whether the change was made is not known.* Look whether it was made/)
      assert.doesNotMatch(without, /same Idempotency-Key/)
    }
  })
})

/** Asks in a time that passes at once. */
async function ask(method: 'GET' | 'POST', { comeTo = 0, catchUp = 0, change = 0, recall = 0 }: Slowness) {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    let now = 5
    const controller = {
      state: { sequence: 1 },
      deadline: (kind: 'read' | 'change') => deadlineOf(now, kind),
      comeTo: (_: number, { known }: Deadline) =>
        Promise.race([after(comeTo), after(known - now).then(() => Promise.reject(behind()))]),
      catchUp: ({ known }: Deadline) => catchUpInTime(after(catchUp), known - now),
      settings: { store: 'redis' },
      left: ({ answered }: Deadline) => answered - now,
      async change({ deadline, request }: { deadline: Deadline; request: string }) {
        await changeInTime(after(change), deadline.answered - now, 'x')
        return { repeated: true, entry: { request } }
      },
    } as unknown as Controller
    await using app: App = fastify().withTypeProvider<TypeBoxTypeProvider>()
    keepSequence(app, controller)
    app.setErrorHandler((error) => ({ said: wordFor(toWeftError(error)) }))
    app.route({
      url: '/',
      method: ['GET', 'POST'],
      handler: async (request) => {
        if (request.method === 'GET') return { said: '' }
        const decide = () => ({ events: [], result: '' })
        return { said: (await create(controller, request, { decide, recall: () => after(recall) })).result }
      },
    })
    let answered: { said: string } | undefined
    app
      .inject({ url: '/', method, headers: { 'weft-sequence': '9', 'idempotency-key': 'k' } })
      .then((answer) => {
        answered = answer.json()
      })
    const start = now
    for (; !answered && now - start < 10_000; now += 100) {
      for (let turn = 0; turn < 10; turn++) await othersFirst()
      if (answered) break
      mock.timers.tick(100)
    }
    return { said: answered?.said, took: now - start }
  } finally {
    mock.timers.reset()
  }
}

async function after(milliseconds: number): Promise<''> {
  if (milliseconds === Infinity) return new Promise(() => undefined)
  if (milliseconds > 0) await new Promise((done) => setTimeout(done, milliseconds))
  return ''
}

function behind(): WeftError {
  return new WeftError('store-unavailable', 'It is behind.')
}

function wordFor({ message }: WeftError): string {
  if (/It is not known what changed elsewhere/.test(message)) return 'not begun'
  if (/The change was made before/.test(message)) return 'made'
  if (/Whether the change was made is not known/.test(message)) return 'open'
  return /behind/.test(message) ? 'behind' : message
}
