import assert from 'node:assert/strict'
import { it } from 'node:test'
import { skip } from '../wireguard/scene.ts'
import { failover } from './scenarios/failover.ts'
import { runSmall } from './shape.ts'

/** More than it takes until the other relay carries, also on a busy machine. */
const PINGS = 600

it('the scenario failover kills the relay that carries a link, and a tunnel by hand, and sees both go on by the other', {
  skip,
}, async () => {
  const [result, ...others] = await runSmall(failover, 2, PINGS / 100)
  assert.equal(others.length, 0)
  const { maxMs = 0, floorMs = 0, ratio = 0, notes = [] } = result ?? {}
  assert.ok(maxMs > 0 && floorMs > 0 && ratio > 0, notes.join())
  const lost = [...notes.join().matchAll(/(\d+) of (\d+)/g)].map(([, some, all]) => [
    Number(some),
    Number(all),
  ])
  assert.equal(lost.length, 3)
  for (const [some = 0, all] of lost) assert.ok(all === PINGS && some > 0 && some < all, notes.join())
})
