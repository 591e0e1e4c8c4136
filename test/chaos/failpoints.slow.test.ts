import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { runAgent } from '../../src/agent/agent.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { systemClock } from '../../src/clock.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { loadSettings } from '../../src/settings.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { scratch } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { countLost, History } from './history.ts'
import { type Answer, Life } from './life.ts'
import { report, runs } from './runs.ts'

/** Every step of a change on its way from REST to the disk and to an agent. Those of checkpoints, snapshots: test/log. */
const STEPS = [
  'api-before-change',
  'ledger-before-append',
  'log-before-begin',
  'log-before-commit',
  'log-after-commit',
  'log-before-answer',
  'ledger-before-tell',
  'session-before-send',
  'session-after-send',
  'ledger-before-answer',
  'api-before-answer',
]
/** Callers at a time. */
const CALLERS = 4
/** Changes after which a step must have come. */
const MOST_CHANGES = 400
/** The agent is a member of one network in so many, and of no more than it may be. */
const MEMBER_IN = runs(10, 40)

describe('a controller that dies at any step', () => {
  it('loses nothing that it acknowledged, does nothing twice or by half, and answers a retry the same', async () => {
    await using dir = await scratch()
    const world = await World.create(dir.path)
    await using _ = world
    const each = runs(2, 50)
    for (let run = 0; run < each; run++) {
      for (const [at, step] of STEPS.entries())
        await world.live(step, 1 + ((run * 7 + at * 3) % (isOfSession(step) ? 3 : 12)))
    }
    const { wrong, acknowledged, lost, lives, slowest } = await world.end()
    assert.deepEqual(wrong, [])
    report('controller killed at every failpoint', {
      runs: lives,
      acknowledged,
      lost,
      'ms until it served again, at most': Math.round(slowest),
    })
    assert.equal(lives, each * STEPS.length)
    assert.ok(acknowledged > lives, `${acknowledged} acknowledged in ${lives} lives`)
  })
})

/** A directory over many lives of its controller, an agent that stays, and what callers were told. */
class World implements AsyncDisposable {
  readonly #dir: string
  readonly #token: string
  readonly #history = new History()
  readonly #startTimes: number[] = []
  #stopAgent: (() => Promise<void>) | undefined
  #next = 0

  private constructor(dir: string, token: string) {
    this.#dir = dir
    this.#token = token
  }

  static async create(dir: string): Promise<World> {
    const life = await Life.begin(dir, '')
    assert.ok(life?.adminToken)
    await using first = life
    const world = new World(dir, life.adminToken)
    const { body } = await first.ask('POST', '/v1/tokens', { uses: 1, ttlSeconds: 3_600 })
    world.#startAgent(String(body.token))
    await eventually(
      'the agent has joined',
      async () => {
        const { body: nodes } = await first.ask('GET', '/v1/nodes')
        return Array.isArray(nodes.items) && nodes.items.length === 1
      },
      20_000,
    )
    return world
  }

  /** One life, up to its failpoint: what is open is asked for again, then more and more is. */
  async live(step: string, nth: number): Promise<void> {
    const failpoint = `${step}:${nth}`
    const life = await Life.begin(this.#dir, failpoint, this.#token)
    assert.ok(life, `it died of ${failpoint} before it listened`)
    await using here = life
    this.#startTimes.push(here.startedIn)
    if (isOfSession(step)) await this.#bringAgent(here)
    const retries = [...this.#history.open, ...this.#history.acknowledged.slice(-3)]
    const limit = this.#next + MOST_CHANGES
    const next = () => retries.shift() ?? (this.#next < limit ? `n${this.#next++}` : undefined)
    const caller = async () => {
      for (let name = next(); name !== undefined; name = next()) if (!(await this.#change(here, name))) return
    }
    await Promise.all(Array.from({ length: CALLERS }, caller))
    assert.ok(this.#next < limit, `${failpoint} was never reached`)
    assert.equal(await here.ended, 'SIGKILL')
  }

  async end() {
    const life = await Life.begin(this.#dir, '', this.#token)
    assert.ok(life)
    await using here = life
    for (const name of this.#history.open) await this.#change(here, name)
    assert.deepEqual(this.#history.open, [])
    const final: [string, string][] = []
    for (let cursor = ''; ; ) {
      const { body } = await here.ask('GET', `/v1/networks?limit=1000${cursor}`)
      for (const { name, id } of body.items as { name: string; id: string }[])
        if (name.startsWith('n')) final.push([name, id])
      if (typeof body.next !== 'string') break
      cursor = `&cursor=${encodeURIComponent(body.next)}`
    }
    await verifyLog(join(this.#dir, 'log.db'))
    const wrong = this.#history.check(final)
    const { acknowledged } = this.#history
    const lost = countLost(
      acknowledged,
      final.map(([name]) => name),
    )
    const [lives, slowest] = [this.#startTimes.length, Math.max(...this.#startTimes)]
    return { wrong, acknowledged: acknowledged.length, lost, lives, slowest }
  }

  /** A network, and in some of them the agent: up to two changes under one name. Answers whether the controller lives. */
  async #change(life: Life, name: string): Promise<boolean> {
    this.#history.invoke(name)
    try {
      const number = Number(name.slice(1))
      const range = { ipv4: `10.${number >> 8}.${number & 255}.0/24`, nodePrefixLength: 28 }
      const made = await life.ask('POST', '/v1/networks', { name, ...range }, `make-${name}`)
      assert.equal(made.status, 201, JSON.stringify(made.body))
      if (number % MEMBER_IN === 0) {
        const added = await life.ask('POST', `/v1/networks/${name}/members`, { node: 'agent' }, `add-${name}`)
        assert.equal(added.status, 201, JSON.stringify(added.body))
      }
      this.#history.ok(name, String(made.body.id))
      return true
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      this.#history.unknown(name)
      return false
    }
  }

  /** Waits until the agent has a session, or the controller has died of it. Begun anew, it does not wait for its next try. */
  async #bringAgent(life: Life): Promise<void> {
    await this.#stopAgent?.()
    this.#startAgent('')
    const isOver = () => life.ask('GET', '/v1/nodes').then(isOnline, () => true)
    await eventually('the agent is back', isOver, 60_000)
  }

  #startAgent(joinToken: string): void {
    const stopping = new AbortController()
    const defaults = loadSettings(agentSettings, { environment: {}, flags: {} })
    const settings = { ...defaults, stateDir: join(this.#dir, 'agent'), join: joinToken, name: 'agent' }
    const log = pino({ level: 'silent' })
    const tools = { clock: systemClock, random: systemRandom, log, signal: stopping.signal }
    const done = runAgent(settings, { ...tools, driver: new MemoryDriver() }).catch(() => undefined)
    this.#stopAgent = async () => {
      stopping.abort()
      await done
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopAgent?.()
  }
}

function isOfSession(step: string): boolean {
  return step.startsWith('session-')
}

function isOnline({ body }: Answer): boolean {
  const nodes = body.items as { online: boolean }[]
  return nodes[0]?.online ?? false
}
