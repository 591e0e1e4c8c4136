import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { skip } from '../wireguard/scene.ts'
import { agent } from './scenarios/agent.ts'
import { restart } from './scenarios/restart.ts'
import { tunnelBy } from './scenarios/tunnel.ts'
import { runSmall } from './shape.ts'

/** Of a transfer. */
const MEGABYTES = 4

// At the same time: that of the agent waits most of its time for looks at interfaces to be over.
describe('The scenarios with real interfaces', { skip, concurrency: true }, () => {
  it('count the pings that are lost while the controller, an agent and both are away', async () => {
    const [result, ...others] = await runSmall(restart, 3)
    assert.equal(others.length, 0)
    const counts = (result?.notes ?? []).map((note) => note.match(/\d+ of 200 pings lost/g)?.length)
    assert.deepEqual(counts, [2, 2, 2], result?.notes.join('; '))
  })

  it('take a snapshot and a change of one peer by few program runs, and measure the floor of each', async () => {
    const [snapshot, change] = await runSmall(agent, 10, 1)
    assert.equal(snapshot?.peers, 10)
    assert.match(
      snapshot?.notes.join() ?? '',
      /^the snapshot, by [1-6] program runs; .*,0 program runs in 5 s at rest$/,
    )
    assert.match(change?.notes.join() ?? '', /^a change of one peer, by [12] program runs at most/)
    for (const { floorMs, ratio, p50Ms } of [snapshot, change].filter((one) => one !== undefined))
      assert.ok((floorMs ?? 0) > 0 && (ratio ?? 0) > 0 && (p50Ms ?? 0) > 0)
  })

  it('send as much through links of agents as through tunnels by hand, and the relayed one through its relay', async () => {
    const [direct, relayed, ...others] = await runSmall(tunnelBy(MEGABYTES * 1e6), 3, 1)
    assert.equal(others.length, 0)
    for (const [result, kind] of [
      [direct, 'direct'],
      [relayed, 'relayed'],
    ] as const) {
      assert.ok(result?.floorMs && result.p50Ms && result.ratio, `${kind} was measured, and by hand`)
      assert.match(result.notes.join(), new RegExp(`^${kind}: .* transfers of ${MEGABYTES} MB`))
    }
    const carried = Number(/the relay took in ([\d.]+) MB/.exec(relayed?.notes.join() ?? '')?.[1])
    // Each packet is a little longer there than what it carries, and what is said back goes the same way.
    assert.ok(carried >= MEGABYTES && carried < 2 * MEGABYTES, `${carried} MB by the relay`)
    assert.equal(direct?.notes.length, 1)
  })
})
