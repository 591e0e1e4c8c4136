import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { Pledge } from '../../src/agent/pledge.ts'
import { HandClock } from './clock.ts'

const log = pino({ level: 'silent' })

/** Whom a node has joined, on a disk that takes nothing until told otherwise. */
class Stand {
  readonly clock = new HandClock()
  readonly faults: (string | undefined)[] = []
  tries = 0
  isFull = true
  readonly pledge = new Pledge(() => this.#write(), {
    clock: this.clock,
    log,
    onFault: (fault) => this.faults.push(fault),
  })

  async #write(): Promise<void> {
    this.tries += 1
    if (this.isFull) throw new Error("ENOSPC: no space left on device, write '/state/controller.json.new'")
  }

  /** Gives how many tries there were. */
  async pass(seconds: number): Promise<number> {
    const before = this.tries
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1_000)
      await turn()
    }
    return this.tries - before
  }
}

const FAULT = 'ENOSPC: no space left on device (controller.json)'

it('Whom a node has joined is written later and later until the disk has taken it, and the fault told until then', async () => {
  const stand = new Stand()
  await stand.pledge.keep()
  assert.equal(await stand.pass(60), 5, 'after 1, 2, 4, 8, 16 s')
  assert.equal(await stand.pass(300), 10, 'then twice a minute')
  assert.deepEqual(stand.faults, [FAULT])
  stand.isFull = false
  assert.equal(await stand.pass(300), 1)
  assert.deepEqual(stand.faults, [FAULT, undefined])
  await stand.pledge[Symbol.asyncDispose]()
  assert.equal(await stand.pass(60), 0, 'it is kept')
})

it('A run that ends tries once more to write whom its node has joined', async () => {
  const stand = new Stand()
  await stand.pledge.keep()
  stand.isFull = false
  await stand.pledge[Symbol.asyncDispose]()
  assert.deepEqual(stand.faults, [FAULT, undefined])
  assert.equal(stand.tries, 2)
})

it('A node that was removed does not write whom it had joined any more', async () => {
  const stand = new Stand()
  await stand.pledge.keep()
  await stand.pledge.end()
  stand.isFull = false
  await stand.pledge[Symbol.asyncDispose]()
  assert.equal(await stand.pass(60), 0)
  assert.equal(stand.tries, 1)
})
