import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { it, type TestContext } from 'node:test'
import { setImmediate as read } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { Heartbeat } from '../../../src/controller/push/heartbeat.ts'

/** An agent that answers a ping at once while it is alive. */
class Other extends EventEmitter {
  readonly bufferedAmount = 0
  readonly #onPing: () => void
  isAlive = true
  isGivenUp = false

  constructor(onPing: () => void) {
    super()
    this.#onPing = onPing
  }

  ping(): void {
    this.#onPing()
    if (this.isAlive) this.emit('pong')
  }

  terminate(): void {
    this.isGivenUp = true
    this.emit('close')
  }
}

const socketOf = (other: Other) => other as unknown as WebSocket
const [AGENTS, PER_TURN, STEP] = [1_000, 20, 200]

/** With a heartbeat of 10 s, and agents that came a few in each step. */
async function scene(context: TestContext) {
  context.mock.timers.enable({ apis: ['setInterval'] })
  let [time, pings] = [0, 0]
  const heartbeat = new Heartbeat(10, { monotonic: () => time })
  const pass = async (ms: number) => {
    time += ms
    context.mock.timers.tick(ms)
    await read()
  }
  const others = Array.from({ length: AGENTS }, () => new Other(() => pings++))
  for (const [at, other] of others.entries()) {
    if (at > 0 && at % PER_TURN === 0) await pass(STEP)
    heartbeat.add(socketOf(other), () => 0)
  }
  /** For so many ms no timer is served, and nothing is read. */
  const beBusy = (ms: number) => {
    time += ms
  }
  const pingsIn = async (ms: number) => {
    const before: number = pings
    await pass(ms)
    return pings - before
  }
  return { heartbeat, others, pass, beBusy, pingsIn }
}

it('pings each agent once a heartbeat, and those that came at different times at different times', async (context) => {
  const { heartbeat, others, pass, pingsIn } = await scene(context)
  for (let turn = 0; turn < 150; turn++) assert.equal(await pingsIn(STEP), PER_TURN)
  for (const other of others) other.isAlive = false
  await pass(10_000)
  assert.ok(
    others.every(({ isGivenUp }) => !isGivenUp),
    'each may still answer',
  )
  await pass(10_000)
  assert.ok(others.every(({ isGivenUp }) => isGivenUp))
  heartbeat.stop()
})

it('pings all whose turn came while the process was busy, but none twice without reading', async (context) => {
  const { heartbeat, beBusy, pingsIn } = await scene(context)
  beBusy(3_000)
  assert.equal(await pingsIn(STEP), PER_TURN * 16)
  assert.equal(await pingsIn(STEP), PER_TURN)
  beBusy(35_000)
  assert.equal(await pingsIn(STEP), AGENTS)
  assert.equal(await pingsIn(STEP), PER_TURN)
  heartbeat.stop()
})

it('reads what came while the process was busy before it gives anybody up', async (context) => {
  const { heartbeat, others, pass, beBusy } = await scene(context)
  for (const other of others) other.isAlive = false
  await pass(STEP)
  beBusy(11_000)
  // As a socket does it: what has come is read in the turn in which the timers are served, and after them.
  const answering = read().then(() => {
    for (const other of others) other.emit('pong')
  })
  await pass(STEP)
  await answering
  assert.equal(others.filter(({ isGivenUp }) => isGivenUp).length, 0)
  heartbeat.stop()
})

it('gives half a heartbeat for an answer, however soon after a busy while the next turn comes', async (context) => {
  const { heartbeat, others, pass, beBusy } = await scene(context)
  for (const other of others) other.isAlive = false
  beBusy(12_000)
  const answering = read().then(() => {
    for (const other of others) other.emit('pong')
  })
  await pass(STEP)
  await answering
  // All were pinged by now. The first are so again after a step, and what they say takes three.
  const lost = () => others.filter(({ isGivenUp }) => isGivenUp).length
  for (let turn = 0; turn < 3; turn++) await pass(STEP)
  assert.equal(lost(), 0)
  for (const other of others) other.emit('pong')
  for (let turn = 0; turn < 50; turn++) await pass(STEP)
  assert.equal(lost(), 0)
  for (let turn = 0; turn < 75; turn++) await pass(STEP)
  assert.equal(lost(), AGENTS, 'who says nothing more is given up')
  heartbeat.stop()
})

it('pings all at once where a heartbeat is as short as a step', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  let [time, pings] = [0, 0]
  const heartbeat = new Heartbeat(0.1, { monotonic: () => time })
  const other = new Other(() => pings++)
  heartbeat.add(socketOf(other), () => 0)
  for (let beat = 1; beat <= 10; beat++) {
    time += 100
    context.mock.timers.tick(100)
    await read()
    assert.equal(pings, beat)
  }
  heartbeat.stop()
})
