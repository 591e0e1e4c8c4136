import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Policy, rangeText } from '../../src/model/policy.ts'
import { report, runs } from '../chaos/runs.ts'
import { label, policyOver } from '../topology/policy/arbitrary.ts'
import type { Fault, FrameType, Side } from './line.ts'
import { LANS, type SimAgent } from './simagent.ts'
import { NETWORKS, World } from './world.ts'

const AGENTS = 4
/** `npm run faults -- disorder/model` is the long series. */
const RUNS = runs(15, 500)

/** What a failed run says of itself, to run it again: WEFT_DISORDER='{"seed":1,"path":"64"}'. */
const AGAIN = JSON.parse(process.env.WEFT_DISORDER ?? '{}')

describe('Agents in disorder', () => {
  it('have exactly what the log says once all is quiet, whatever happened to them and to the controller', async () => {
    const calm = fc.commands(CHANGES, { maxCommands: 20, size: 'max' })
    const troubled = fc.commands([...CHANGES, ...TROUBLE], { maxCommands: 40, size: 'max' })
    const faults = new Map<string, number>()
    let worlds = 0
    await fc.assert(
      fc.asyncProperty(calm, troubled, async (...runs) => {
        await using world = await World.start(AGENTS)
        for (const name of NETWORKS) for (const agent of world.agents.slice(1)) await world.join(agent, name)
        for (const run of runs) {
          await fc.asyncModelRun(() => ({ model: {}, real: world }), run)
          await world.settle()
        }
        await world.check()
        for (const [what, times] of world.faults) faults.set(what, (faults.get(what) ?? 0) + times)
        worlds += 1
      }),
      { numRuns: RUNS, endOnFailure: true, ...AGAIN },
    )
    report('agents in disorder', { worlds, ...Object.fromEntries([...faults].sort()) })
    if (worlds === RUNS) assertSpread(faults)
  })
})

/** There is nothing to predict on the way: what counts is where it ends. */
type Command = fc.AsyncCommand<object, World>

const at = fc.nat(AGENTS - 1)
const network = fc.constantFrom(...NETWORKS)
const faults = fc.array(fc.constantFrom<Fault>('pass', 'drop', 'drop', 'double', 'late', 'corrupt'), {
  minLength: 2,
  maxLength: 12,
})

const member = fc.tuple(at, network)
/** What is asked for, what changes around the agents, and all that a network does to a connection: no frame of one is lost. */
const CHANGES: fc.Arbitrary<Command>[] = [
  member.map(([who, where]) =>
    command(`n${who} joins or leaves ${where}`, who, (agent, world) => turnMembership(world, agent, where)),
  ),
  member.map(([who, where]) =>
    command(`n${who} leaves ${where} and comes back`, who, async (agent, world) => {
      await turnMembership(world, agent, where)
      await turnMembership(world, agent, where)
    }),
  ),
  fc
    .tuple(network, policyOver(at.map((who) => `n${who}`)))
    .map(([where, policy]) =>
      command(`in ${where} holds ${JSON.stringify(policy)}`, 0, (_, world) =>
        world.permit(where, asInput(policy)),
      ),
    ),
  fc
    .tuple(at, label)
    .map(([who, labels]) =>
      command(`n${who} is labelled ${JSON.stringify(labels)}`, who, (agent, world) =>
        world.label(agent, { role: null, env: null, ...labels }),
      ),
    ),
  // The first is the relay.
  fc
    .tuple(fc.integer({ min: 1, max: AGENTS - 1 }), fc.boolean())
    .map(([who, isHub]) =>
      command(`n${who} carries for ${isHub ? 'others' : 'nobody'}`, who, (agent, world) =>
        world.carry(agent, isHub),
      ),
    ),
  fc
    .tuple(at, fc.nat(LANS - 1))
    .map(([who, lan]) => command(`n${who} is in LAN ${lan}`, who, (agent) => agent.move(lan))),
  fc
    .tuple(at, fc.boolean())
    .map(([who, isHidden]) =>
      command(`n${who} has ${isHidden ? 'no' : 'an'} address for everybody`, who, (agent) =>
        agent.hide(isHidden),
      ),
    ),
  fc.constant(command('n0 becomes a relay', 0, (agent, world) => world.makeRelay(agent))),
  at.map((who) => command(`n${who} looks at its interfaces`, who, (agent) => agent.look())),
  at.map((who) => command(`n${who} is cut off`, who, (agent) => agent.disconnect())),
  at.map((who) => command(`n${who} connects`, who, (agent, world) => agent.connect(world.controller))),
  at.map((who) => command(`n${who} dies`, who, (agent) => agent.crash())),
  at.map((who) => command(`n${who} stops reading`, who, (agent) => agent.stall())),
  at.map((who) => command(`n${who} reads on`, who, (agent) => agent.flow())),
  fc
    .nat(20)
    .map((ms) => command(`${ms} ms pass`, 0, () => new Promise((resolve) => setTimeout(resolve, ms)))),
  fc.constant(command('the controller restarts', 0, (_, world) => world.restart())),
  fc
    .integer({ min: -10, max: 10 })
    .map((years) =>
      command(`the clock jumps by ${years} years`, 0, (_, world) => world.clock.jump(years * 31_557_600_000)),
    ),
]

/** The next frames of one side of a line, whatever they are. */
const line = fc
  .tuple(at, fc.constantFrom<Side>('controller', 'agent'), faults)
  .map(([who, side, list]) =>
    command(`what the ${side} says on the line of n${who} suffers ${list}`, who, (agent) =>
      agent.fail(side, list),
    ),
  )
/** What makes somebody send each type of frame that a session has. */
const CAUSES = {
  self: rejoin,
  snapshot: rejoin,
  delta: rejoin,
  hints: rejoin,
  removed: rejoin,
  applied: rejoin,
  key: rejoin,
  'key-wanted': rejoin,
  resync: async (world, agent, where) => {
    world.suffer('delta', ['drop', 'drop'])
    await rejoin(world, agent, where)
  },
  compare: (world) => world.passHour(),
  have: (world) => world.passHour(),
  current: (world) => world.passHour(),
  facts: (_, agent) => agent.move(LANS - 1 - agent.lan),
  lan: (_, agent) => agent.move(LANS - 1 - agent.lan),
  report: (_, agent) => agent.look(),
  witness: seeByRelay,
  witnessed: seeByRelay,
} as const satisfies Partial<Record<FrameType, Cause>>
const TYPES = Object.keys(CAUSES) as (keyof typeof CAUSES)[]

/** The next frames of a type, whoever's they are, and one of them: there are few of most, and they would seldom be hit. */
const type = fc.tuple(fc.constantFrom(...TYPES), faults, member).map(([what, list, [who, where]]) =>
  command(`${what} of n${who} in ${where} suffers ${list}`, who, async (agent, world) => {
    agent.flow()
    await agent.connect(world.controller)
    world.suffer(what, list)
    await CAUSES[what](world, agent, where)
  }),
)
/** Bugs: what TCP does to no frame. */
const TROUBLE: fc.Arbitrary<Command>[] = [
  line,
  line,
  line,
  type,
  type,
  type,
  type,
  type,
  type,
  type,
  fc.constant(command('an hour passes', 0, (_, world) => world.passHour())),
]

function command(
  name: string,
  who: number,
  act: (agent: SimAgent, world: World) => void | Promise<void>,
): Command {
  return {
    check: () => true,
    run: async (_, world) => {
      const agent = world.agents[who]
      if (agent) await act(agent, world)
    },
    toString: () => name,
  }
}

function asInput({ rules, ...policy }: Policy) {
  return {
    ...policy,
    rules: rules.map(({ ports, ...rule }) => ({ ...rule, ...(ports && { ports: ports.map(rangeText) }) })),
  }
}

/** Fails when so little went wrong that nothing was tested. The usual run has 150 faults or more, and the long one has all. */
function assertSpread(faults: ReadonlyMap<string, number>): void {
  const types = new Set([...faults.keys()].map((what) => what.split(' ')[0]))
  const missing = TYPES.filter((each) => !types.has(each))
  const count = [...faults.values()].reduce((sum, times) => sum + times, 0)
  assert.ok(count >= 3 * RUNS, `${count} faults`)
  assert.ok(missing.length <= runs(TYPES.length / 2, 0), `nothing happened to ${missing}`)
}

type Cause = (world: World, agent: SimAgent, network: string) => void | Promise<void>

/** Once more a member, or once more none. */
async function rejoin(world: World, agent: SimAgent, where: string): Promise<void> {
  await turnMembership(world, agent, where)
  await turnMembership(world, agent, where)
}

/** At one of two places, so that it is another one every now and then. */
async function seeByRelay(world: World, agent: SimAgent): Promise<void> {
  const [relay = agent] = world.agents
  await world.makeRelay(relay)
  await world.witness(relay, agent, `198.51.100.${1 + agent.lan}:40000`)
}

async function turnMembership(world: World, agent: SimAgent, where: string): Promise<void> {
  if (world.isMember(agent, where)) await world.leave(agent, where)
  else await world.join(agent, where)
}
