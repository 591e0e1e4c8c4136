import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Policy, rangeText } from '../../src/model/policy.ts'
import { report, runs } from '../chaos/runs.ts'
import { label, policyOver } from '../topology/policy/arbitrary.ts'
import type { Fault, Side } from './line.ts'
import { LANS, type SimAgent } from './simagent.ts'
import { NETWORKS, World } from './world.ts'

const AGENTS = 4
/** `npm run faults -- disorder/model` is the long series. */
const RUNS = runs(15, 500)

/** What a failed run says of itself, to run it again: WEFT_DISORDER='{"seed":1,"path":"64"}'. */
const AGAIN = JSON.parse(process.env.WEFT_DISORDER ?? '{}')

describe('Agents in disorder', () => {
  it('have exactly what the log says once all is quiet, whatever happened to them and to the controller', async () => {
    const commands = fc.commands(COMMANDS, { maxCommands: 40, size: 'max' })
    const faults = new Map<string, number>()
    let worlds = 0
    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        await using world = await World.start(AGENTS)
        for (const name of NETWORKS) for (const agent of world.agents.slice(1)) await world.join(agent, name)
        await fc.asyncModelRun(() => ({ model: {}, real: world }), run)
        await world.settle()
        await world.check()
        for (const [what, times] of world.faults) faults.set(what, (faults.get(what) ?? 0) + times)
        worlds += 1
      }),
      { numRuns: RUNS, endOnFailure: true, ...AGAIN },
    )
    report('agents in disorder', { worlds, ...Object.fromEntries([...faults].sort()) })
  })
})

/** There is nothing to predict on the way: what counts is where it ends. */
type Command = fc.AsyncCommand<object, World>

const at = fc.nat(AGENTS - 1)
const network = fc.constantFrom(...NETWORKS)
const faults = fc.array(fc.constantFrom<Fault>('pass', 'drop', 'drop', 'double', 'late'), {
  minLength: 2,
  maxLength: 12,
})

const member = fc.tuple(at, network)
const suffering = fc
  .tuple(at, fc.constantFrom<Side>('controller', 'agent'), faults)
  .map(([who, side, list]) =>
    command(`what the ${side} says on the line of n${who} suffers ${list}`, who, (agent) =>
      agent.fail(side, list),
    ),
  )
const COMMANDS: fc.Arbitrary<Command>[] = [
  suffering,
  suffering,
  suffering,
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
  fc.constant(command('an hour passes', 0, (_, world) => world.passHour())),
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

async function turnMembership(world: World, agent: SimAgent, where: string): Promise<void> {
  if (world.isMember(agent, where)) await world.leave(agent, where)
  else await world.join(agent, where)
}
