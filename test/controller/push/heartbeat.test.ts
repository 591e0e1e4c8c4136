import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { it } from 'node:test'
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

it('pings each agent once a heartbeat, and those that came at different times at different times', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  const heartbeat = new Heartbeat(10)
  const [agents, PER_TURN, STEP] = [1_000, 20, 200]
  let pings = 0
  const others = Array.from({ length: agents }, () => new Other(() => pings++))
  const socketOf = (other: Other) => other as unknown as WebSocket
  for (const [at, other] of others.entries()) {
    if (at > 0 && at % PER_TURN === 0) context.mock.timers.tick(STEP)
    heartbeat.add(socketOf(other), () => 0)
  }
  assert.equal(pings, 0, 'none before a whole heartbeat is over')
  for (let round = 0; round < 3; round++) {
    for (let part = 0; part < 10_000 / STEP; part++) {
      const before: number = pings
      context.mock.timers.tick(STEP)
      assert.equal(pings - before, PER_TURN)
    }
  }
  for (const other of others) other.isAlive = false
  context.mock.timers.tick(10_000)
  assert.ok(
    others.every(({ isGivenUp }) => !isGivenUp),
    'each may still answer',
  )
  context.mock.timers.tick(10_000)
  assert.ok(others.every(({ isGivenUp }) => isGivenUp))
  heartbeat.stop()
})
