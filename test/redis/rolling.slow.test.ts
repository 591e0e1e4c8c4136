import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../rig.ts'
import { Callers } from './callers.ts'
import { ProcessFleet } from './processes.ts'
import { type RedisSite, startSingle } from './site.ts'

const AGENTS = 6
const RESUMED_MS = 30_000

describe('Three controller processes on one Redis, with agents and requests under way', () => {
  let site: RedisSite
  let fleet: ProcessFleet
  let callers: Callers
  before(async () => {
    site = await startSingle()
    fleet = await ProcessFleet.start(site, { count: 3 })
    await fleet.startAgents('shared', AGENTS)
    callers = new Callers(fleet, 4)
  })
  after(async () => {
    await callers?.stop()
    await fleet?.[Symbol.asyncDispose]()
    await site?.[Symbol.asyncDispose]()
  })

  const moreGo = () => {
    const then = callers.acknowledged
    return eventually('changes go', () => callers.acknowledged > then + 20, RESUMED_MS)
  }
  const agentsAt = async (indices: readonly number[]) =>
    (await Promise.all(indices.map((at) => fleet.connectedTo(at)))).reduce((sum, count) => sum + count, 0)

  it('go on without one that is killed: its agents resume at the others, which take changes', async () => {
    await moreGo()
    const counts = await Promise.all([0, 1, 2].map((at) => fleet.connectedTo(at)))
    const fullest = counts.indexOf(Math.max(...counts))
    const killed = fleet.at(fullest)
    await killed.stop('SIGKILL')
    const others = [0, 1, 2].filter((at) => at !== fullest)
    await eventually('all agents are there', async () => (await agentsAt(others)) === AGENTS, RESUMED_MS)
    await moreGo()
    await fleet.settled('shared', AGENTS)
    await killed.start()
    await moreGo()
  })

  it('are restarted in order one after the other, and each request is answered as if there had been one', async () => {
    for (const at of [0, 1, 2]) {
      const before = callers.acknowledged
      const code = await fleet.at(at).stop('SIGTERM')
      assert.equal(code, 0, fleet.at(at).log.slice(-2_000))
      await eventually('changes went meanwhile', () => callers.acknowledged > before, RESUMED_MS)
      await fleet.at(at).start()
      await moreGo()
    }
    await eventually('all agents are served', async () => (await agentsAt([0, 1, 2])) === AGENTS, RESUMED_MS)
    await fleet.settled('shared', AGENTS)
  })

  it('hold each acknowledged change once, and refused what had to be', async () => {
    await callers.stop()
    await callers.check(site)
    assert.ok(callers.repeated > 0, 'a restart that no caller noticed was none')
    assert.ok(callers.refused > 0)
  })
})
