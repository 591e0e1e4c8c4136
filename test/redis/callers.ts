import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { History } from '../chaos/history.ts'
import { collect } from '../log/fixture.ts'
import type { Answer } from './call.ts'
import type { ProcessFleet } from './processes.ts'
import type { RedisSite } from './site.ts'
import { optionsFor } from './writers.ts'

/** Milliseconds between two calls of a caller, and before it asks again what was not answered. */
const PAUSE = 15
const AGAIN = 50

/**
 * Callers of REST that go on whatever happens, each in turn at all controllers, as the documentation has it: what was not
 * answered, or with 503, is asked for again at the next one with the same Idempotency-Key, until it is. Every few calls
 * one asks for what has to be refused.
 */
export class Callers {
  /** Answers that no caller may get, as sentences. */
  readonly wrong: string[] = []
  readonly #fleet: ProcessFleet
  readonly #history = new History()
  readonly #work: Promise<void>[]
  #isOver = false
  #acknowledged = 0
  #refused = 0
  #asks = 0
  /** How often something was asked for again. */
  repeated = 0

  constructor(fleet: ProcessFleet, count: number) {
    this.#fleet = fleet
    this.#work = Array.from({ length: count }, (_, caller) => this.#run(caller))
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** How often what cannot be was refused, and nothing else said of it. */
  get refused(): number {
    return this.#refused
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#work)
  }

  /** Whether each acknowledged change is in the log once, as it was answered, and nothing that nobody asked for. */
  async check(site: RedisSite, level?: 'available'): Promise<void> {
    await using log = await openRedisLog(optionsFor(site, this.#fleet.realm, level && { level }))
    const final = (await collect(log.read(1))).flatMap(({ events }) =>
      events.flatMap((event) =>
        event.type === 'project-created' && event.name.startsWith('made-')
          ? [[event.name, String(event.id)] as const]
          : [],
      ),
    )
    assert.deepEqual(this.#history.check(final), [])
    assert.deepEqual(this.wrong, [])
  }

  async #run(caller: number): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const name = `made-${caller}-${number}`
      const made = await this.#make(name)
      if (made !== undefined && number % 4 === 3) await this.#makeAgain(name)
      await wait(PAUSE)
    }
  }

  /** Makes a project; undefined when it was stopped before there was an answer. */
  async #make(name: string): Promise<string | undefined> {
    this.#history.invoke(name)
    const answer = await this.#insist(name, name)
    if (!answer) return void this.#history.unknown(name)
    if (answer.status !== 201) return void this.wrong.push(`${name}: ${answer.status} ${answer.text}`)
    this.#acknowledged += 1
    this.#history.ok(name, String(answer.body.id))
    return String(answer.body.id)
  }

  /** Another request for the same name has to be refused, wherever it is made. */
  async #makeAgain(name: string): Promise<void> {
    const answer = await this.#insist(name, `${name}-again`)
    if (!answer) return
    const isRight = answer.status === 409 && answer.body?.code === 'already-exists'
    if (isRight) this.#refused += 1
    else this.wrong.push(`${name} again: ${answer.status} ${answer.text}`)
  }

  /** The answer to a POST, as soon as there is one; undefined when it was stopped before. */
  async #insist(name: string, key: string): Promise<Answer | undefined> {
    const given = { body: { name }, headers: { 'idempotency-key': key } }
    while (!this.#isOver) {
      const answer = await this.#fleet
        .call(this.#asks++, 'POST', '/v1/projects', given)
        .catch(() => undefined)
      if (answer && answer.status !== 503) return answer
      this.repeated += 1
      await wait(AGAIN)
    }
    return undefined
  }
}
