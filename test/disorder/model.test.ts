import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Fault } from './line.ts'
import type { SimAgent } from './simagent.ts'
import { NETWORKS, World } from './world.ts'

const AGENTS = 4
/** WEFT_DISORDER_RUNS=500 is the long series. */
const RUNS = Number(process.env.WEFT_DISORDER_RUNS ?? 15)

describe('Agents in disorder', () => {
  it('have exactly what the log says once all is quiet, whatever happened to them and to the controller', async () => {
    const commands = fc.commands(COMMANDS, { maxCommands: 40, size: 'max' })
    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        await using world = await World.start(AGENTS)
        await fc.asyncModelRun(() => ({ model: {}, real: world }), run)
        await world.settle()
        await world.check()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
})

/** There is nothing to predict on the way: what counts is where it ends. */
type Command = fc.AsyncCommand<object, World>

const at = fc.nat(AGENTS - 1)
const network = fc.constantFrom(...NETWORKS)
const faults = fc.array(fc.constantFrom<Fault>('pass', 'drop', 'double', 'late'), {
  minLength: 1,
  maxLength: 6,
})

const member = fc.tuple(at, network)
const COMMANDS: fc.Arbitrary<Command>[] = [
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
    .tuple(network, fc.option(fc.array(fc.tuple(at, at), { maxLength: 4 }), { nil: undefined }))
    .map(([where, pairs]) =>
      command(`in ${where} may talk: ${pairs?.join(' ') ?? 'all'}`, 0, (_, world) =>
        world.permit(
          where,
          pairs?.flatMap(([from, to]) => pairOf(world, from, to)),
        ),
      ),
    ),
  at.map((who) => command(`n${who} is cut off`, who, (agent) => agent.disconnect())),
  at.map((who) => command(`n${who} connects`, who, (agent, world) => agent.connect(world.controller))),
  at.map((who) => command(`n${who} dies`, who, (agent) => agent.crash())),
  at.map((who) => command(`n${who} stops reading`, who, (agent) => agent.stall())),
  at.map((who) => command(`n${who} reads on`, who, (agent) => agent.flow())),
  fc
    .tuple(at, faults)
    .map(([who, list]) => command(`n${who} suffers ${list}`, who, (agent) => agent.fail(list))),
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

function pairOf({ agents }: World, from: number, to: number): [SimAgent, SimAgent][] {
  const [a, b] = [agents[from], agents[to]]
  return a && b && a !== b ? [[a, b]] : []
}

async function turnMembership(world: World, agent: SimAgent, where: string): Promise<void> {
  if (world.isMember(agent, where)) await world.leave(agent, where)
  else await world.join(agent, where)
}
