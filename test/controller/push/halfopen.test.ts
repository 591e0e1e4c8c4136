import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { serve } from '../../../src/agent/serve.ts'
import { systemClock } from '../../../src/clock.ts'
import { type Random, systemRandom } from '../../../src/keys/random.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { allApplied, eventually, type Rig, startRig } from '../../rig.ts'
import { Wire } from '../../wire.ts'

/** Usually 10 s, so that all here happens 50 times as fast: 35 s are 700 ms. */
const HEARTBEAT = 0.2
/** Milliseconds within which those that are drained come back, if they are few. */
const DRAIN_SPREAD = 2_000

describe('A connection that is half-open', () => {
  for (const held of [['up'], ['down'], ['up', 'down']] as const) {
    it(`is noticed at both ends when nothing comes through ${held.join(' and ')}, and the agent comes back`, async () => {
      await using rig = await startRig({ heartbeatSeconds: HEARTBEAT })
      await using wire = await joinOver(rig)
      const node = findNode(rig.controller.state, 'far').id
      const ended = () => rig.lines.filter((line) => line.includes('session ended')).length
      const before = ended()
      wire.hold(...held)
      await eventually('the controller sees it', () => !rig.controller.status.node(node).online, 10_000)
      await eventually('the agent sees it', () => ended() > before, 10_000)
      wire.release()
      await eventually('the agent is back', () => rig.controller.status.node(node).online, 20_000)
    })
  }

  it('is not mistaken for one that is slow: what is on its way arrives, however long it takes', async () => {
    await using rig = await startRig({ heartbeatSeconds: 1.5 })
    await using wire = await joinOver(rig)
    const node = findNode(rig.controller.state, 'far').id
    const left = () => rig.lines.filter((line) => line.includes('agent left')).length
    const before = left()
    // Some 90 KB that take several heartbeats.
    wire.slow(12_000)
    for (let network = 0; network < 60; network++) {
      await rig.createNetwork({ name: `more-${network}` })
      await rig.addMember(`more-${network}`, 'far')
    }
    await eventually('all has arrived', () => allApplied(rig.controller, 'more-59'), 60_000)
    assert.equal(left(), before)
    assert.equal(rig.controller.status.node(node).online, true)
  })
})

describe('A controller that drains', () => {
  it('tells its agents when to come back, and they choose a moment within that time', async () => {
    const abort = new AbortController()
    const socket = {
      on: () => undefined,
      close: () => undefined,
      terminate: () => undefined,
      readyState: 1,
      OPEN: 1,
    }
    const stream = { next: async () => ({ type: 'drain', reconnectWithin: 7_500 }) }
    const node = { attach: () => undefined, detach: () => undefined, take: async () => undefined }
    const connection = { socket, stream, wire: { bytesRead: 0 }, heartbeatSeconds: 10 }
    const log = { info: () => undefined }
    const tools = { clock: systemClock, log, signal: abort.signal }
    // biome-ignore lint/suspicious/noExplicitAny: only what a session uses is there
    assert.equal(await serve(connection as any, node as any, tools as any), 7_500)
  })

  it('spreads them over the time it gave: none comes back before its own moment in it', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const count = 20
    const join = await rig.joinToken({ networks: ['demo'], uses: count })
    for (let at = 0; at < count; at++)
      rig.startAgent({ join, name: `n${at}` }, undefined, drawing(at / count))
    const size = () => findNetwork(rig.controller.state, 'demo').members.size
    await eventually('all are there', () => size() === count && allApplied(rig.controller, 'demo'), 30_000)
    const drainedAt = performance.now()
    await rig.stopController()
    // It answers nobody, so each calls once.
    const calls: number[] = []
    const silent = createServer(() => calls.push(performance.now() - drainedAt))
    silent.listen(Number(rig.url.split(':').at(-1)), '127.0.0.1')
    await eventually('all have called', () => calls.length >= count, 30_000)
    const early = calls.filter((moment, at) => moment < (DRAIN_SPREAD * at) / count)
    assert.deepEqual(early, [])
    silent.close()
  })

  it('lets none go without a word, and has all of them again after the restart', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 8 })
    for (let at = 0; at < 8; at++) rig.startAgent({ join, name: `n${at}` })
    const size = () => findNetwork(rig.controller.state, 'demo').members.size
    await eventually('all have applied', () => size() === 8 && allApplied(rig.controller, 'demo'), 20_000)
    await rig.restart()
    await eventually('all are back', () => allApplied(rig.controller, 'demo'), 20_000)
    assert.equal(rig.lines.filter((line) => line.includes('session ended')).length, 0)
  })
})

/** Whoever chooses a moment by this chooses it after this share of the time; all else is random. */
function drawing(share: number): Random {
  return (bytes) => {
    const drawn = systemRandom(bytes)
    if (bytes === 4) Buffer.from(drawn.buffer, drawn.byteOffset).writeUInt32BE(Math.floor(share * 2 ** 32))
    return drawn
  }
}

/** An agent that is connected over a wire which can be held. */
async function joinOver(rig: Rig): Promise<Wire> {
  await rig.createNetwork({ name: 'demo' })
  const join = await rig.joinToken({ networks: ['demo'], uses: 1 })
  const wire = await Wire.start(Number(rig.url.split(':').at(-1)))
  rig.startAgent({ join: wire.via(join), name: 'far' })
  const size = () => findNetwork(rig.controller.state, 'demo').members.size
  await eventually('it has applied', () => size() === 1 && allApplied(rig.controller, 'demo'), 20_000)
  return wire
}
