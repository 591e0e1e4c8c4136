import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findNetwork } from '../../src/controller/lookup.ts'
import type { Device, InterfaceName } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { allApplied, eventually, startRig } from '../rig.ts'

/** What one look at a slow interface takes, and one change. */
const SLOW_MS = 200

test('an interface is looked at and changed by one at a time, however many looks are due', async () => {
  await using rig = await startRig()
  await rig.createNetwork({ name: 'demo' })
  const join = await rig.joinToken({ networks: ['demo'], uses: 3 })
  const applied = (count: number) => {
    const { members } = findNetwork(rig.controller.state, 'demo')
    return members.size === count && allApplied(rig.controller, 'demo')
  }
  const driver = new SlowDriver()
  rig.startAgent({ join, name: 'slow', ephemeral: true, reportSeconds: 0.1 }, driver)
  await eventually('it is applied', () => applied(1))
  for (const [count, name] of [
    [2, 'first'],
    [3, 'second'],
  ] as const) {
    rig.startAgent({ join, name, ephemeral: true })
    await eventually(`${name} is applied`, () => applied(count))
  }
  // The first extra look after a change comes after a second.
  await wait(1_500)
  assert.equal(driver.mostAtOnce, 1)
  assert.deepEqual(
    rig.lines.filter((line) => /repaired|cannot be read/.test(line)),
    [],
  )
})

/** Counts how much goes on at the same time. */
class SlowDriver extends MemoryDriver {
  mostAtOnce = 0
  #now = 0

  override async open(name: InterfaceName): Promise<Device> {
    const device = await super.open(name)
    return {
      ...device,
      observe: () => this.#slowly(() => device.observe()),
      observePeers: () => this.#slowly(() => device.observePeers()),
      apply: (steps) => this.#slowly(() => device.apply(steps)),
    }
  }

  async #slowly<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#now += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#now)
    await wait(SLOW_MS)
    const result = await action()
    await wait(SLOW_MS)
    this.#now -= 1
    return result
  }
}
