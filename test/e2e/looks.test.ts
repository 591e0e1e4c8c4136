import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Device, InterfaceName } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { findNetwork } from '../lookup.ts'
import { allApplied, eventually, startRig } from '../rig.ts'

/** Before and after the moment at which a slow interface is seen. */
const LOOK_MS = 200
/** From the moment of a change to its end. */
const CHANGE_MS = 800

test('an interface is looked at by one at a time and changed by one at a time, and no look takes back a change', async () => {
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
    await eventually(`${name} is applied`, () => applied(count), 30_000)
  }
  // The first extra look after a change comes after a second.
  await wait(1_500)
  assert.deepEqual(
    rig.lines.filter((line) => /repaired|cannot be read/.test(line)),
    [],
  )
  assert.deepEqual([driver.looks.most, driver.changes.most], [1, 1])
})

/** How many are under way, and were at most. */
interface Count {
  now: number
  most: number
}

/** Counts how much goes on at the same time. */
class SlowDriver extends MemoryDriver {
  readonly looks: Count = { now: 0, most: 0 }
  readonly changes: Count = { now: 0, most: 0 }

  override async open(name: InterfaceName): Promise<Device> {
    const device = await super.open(name)
    return {
      ...device,
      observe: () => counted(this.looks, LOOK_MS, () => device.observe()),
      observePeers: () => counted(this.looks, LOOK_MS, () => device.observePeers()),
      apply: (steps) => counted(this.changes, 0, () => device.apply(steps)),
    }
  }
}

/** Takes `before` ms until it happens, and as long as that, or as a change does, until it is over. */
async function counted<Result>(count: Count, before: number, action: () => Promise<Result>): Promise<Result> {
  count.now += 1
  count.most = Math.max(count.most, count.now)
  await wait(before)
  const result = await action()
  await wait(before || CHANGE_MS)
  count.now -= 1
  return result
}
