import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { joinNode } from '../../src/controller/commands/node.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { apply } from '../../src/model/apply.ts'
import type { Event } from '../../src/model/event.ts'
import { parseJoinToken } from '../../src/protocol/jointoken.ts'
import { findNetwork } from '../lookup.ts'
import { RawAgent } from '../rawagent.ts'
import { eventually, type Rig, startRig } from '../rig.ts'
import { Wire } from '../wire.ts'
import { newIdentity } from './crowd.ts'

const MEMBERS = 1_500
const ASKED = 400
/** What a session may have waiting, and what the kernel and the wire of the test hold of two connections. */
const BOUND = 24_000_000

describe('An agent that does not read', () => {
  it('costs bounded memory however much it asks for, delays nobody, and is current when it reads on', async () => {
    await using rig = await startRig({ heartbeatSeconds: 300 })
    await rig.createNetwork({ name: 'demo', nodePrefixLength: 28 })
    const token = await rig.joinToken({ networks: ['demo'], uses: MEMBERS + 3 })
    await populate(rig, token)
    await using wire = await Wire.start(Number(rig.url.split(':').at(-1)))
    const network = findNetwork(rig.controller.state, 'demo').id
    using slow = await RawAgent.join(wire.via(token), { name: 'slow' })
    using quick = await RawAgent.join(token, { name: 'quick' })
    const has = (agent: RawAgent, size: number) => agent.view(network).size === size
    await eventually('both have everything', () => has(slow, MEMBERS + 2) && has(quick, MEMBERS + 2), 20_000)
    const asked = ASKED * JSON.stringify(slow.framesOf('snapshot')[0]).length
    assert.ok(asked > 2 * BOUND, `it asks for ${asked} bytes, which is more than it may get`)
    wire.hold('down')
    const before = await bytesSent(rig.controller)
    for (let time = 0; time < ASKED; time++) slow.send({ type: 'resync', network })
    using third = await RawAgent.join(token, { name: 'third' })
    await eventually('the others go on', () => has(quick, MEMBERS + 3) && has(third, MEMBERS + 3), 20_000)
    await eventually('no more goes out', () => isQuiet(rig.controller), 20_000)
    const cost = (await bytesSent(rig.controller)) - before
    assert.ok(cost < BOUND, `${cost} bytes went out, of ${asked}`)
    assert.equal(has(slow, MEMBERS + 3), false)
    wire.release()
    await eventually(
      'it has the latest',
      () => slow.view(network).digest() === quick.view(network).digest(),
      30_000,
    )
  })

  it('is cut off when it goes on asking for what is answered in any case', async () => {
    await using rig = await startRig({ heartbeatSeconds: 300 })
    await rig.createNetwork({ name: 'demo' })
    await using wire = await Wire.start(Number(rig.url.split(':').at(-1)))
    using slow = await RawAgent.join(wire.via(await rig.joinToken({ networks: ['demo'] })), { name: 'slow' })
    wire.hold('down')
    const isOnline = () => rig.controller.status.node(slow.node).online
    const before = await bytesSent(rig.controller)
    for (let round = 0; round < 60 && isOnline(); round++) {
      for (let time = 0; time < 5_000; time++) slow.send({ type: 'witnessed', seen: [] })
      await pause(100)
    }
    await eventually('it is cut off', () => !isOnline(), 20_000)
    const cost = (await bytesSent(rig.controller)) - before
    assert.ok(cost < BOUND / 2, `${cost} bytes went out`)
  })
})

/** Members that never connect, all with one change. */
async function populate({ controller }: Rig, token: string): Promise<void> {
  const secret = Buffer.from(parseJoinToken(token).secret.expose()).toString()
  await controller.change({ actor: 'test' }, (state, tools) => {
    const events: Event[] = []
    let after = state
    for (let at = 0; at < MEMBERS; at++) {
      const { signing, sealing } = newIdentity()
      const keys = { publicKey: signing.publicKey, sealingKey: sealing.publicKey }
      const more = joinNode(after, tools, { ...keys, secret, name: `n${at}` }).events
      after = more.reduce(apply, after)
      events.push(...more)
    }
    return { events, result: undefined }
  })
}

async function isQuiet(controller: Controller): Promise<boolean> {
  const before = await bytesSent(controller)
  await pause(200)
  return (await bytesSent(controller)) === before
}

async function bytesSent(controller: Controller): Promise<number> {
  const metric = await controller.metrics.getSingleMetric('weft_agent_bytes_sent_total')?.get()
  return metric?.values[0]?.value ?? Number.NaN
}
