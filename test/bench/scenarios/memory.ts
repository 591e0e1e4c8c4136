import { setTimeout as wait } from 'node:timers/promises'
import type { NetworkId } from '../../../src/model/names.ts'
import { type Result, round, type Scenario } from '../scenario.ts'
import { BenchController } from '../stage/controller.ts'
import { Crews } from '../stage/crews.ts'
import { startFloor } from '../stage/floor.ts'
import { MESH, MESH_RANGE, settle } from '../stage/population.ts'

/** For what is left over from handshakes to be collected. */
const CALM_MS = 3_000
/** Parts in which the agents come, for the growth to be seen. */
const PARTS = 4

/** A mesh of as many members as there are agents. */
export const memory: Scenario = {
  name: 'memory',
  work: 'N agents connected in one mesh of N members',
  goal: 'resident memory <= 1.4 x floor at 10,000; exponent of the growth with N <= 1.1',
  async run({ agents = 10_000, say }) {
    say(`memory: ${agents} agents`)
    const floors = await floorOf(agents)
    await using population = await settle({
      nodes: agents,
      networks: [{ name: MESH, ipv4: MESH_RANGE, members: agents }],
    })
    await using controller = await BenchController.start(population)
    const { fingerprint, controllerKey } = population
    using client = controller.client()
    const { id } = await client.call('showNetwork', { path: { network: MESH } })
    const enrolment = { urls: [controller.url], fingerprint, controllerKey }
    const seen = [await controller.call('residentMemory')]
    await using stack = new AsyncDisposableStack()
    for (let part = 0; part < PARTS; part++) {
      const [first, next] = [border(agents, part), border(agents, part + 1)]
      const crews = stack.use(await Crews.start(next - first, 1))
      await crews.enlist(enrolment, id as NetworkId, first)
      await controller.quiet()
      await wait(CALM_MS)
      seen.push(await controller.call('residentMemory'))
    }
    const [empty = 0, ours = 0, floor = 0] = [seen[0], seen.at(-1), floors.at(-1)]
    return [
      {
        scenario: 'memory',
        agents,
        ratio: round(ours / floor),
        rssMb: round(ours),
        notes: [
          `floor: ${round(floor)} MB for as many bare TLS connections`,
          `${list(seen)} MB with 0 to ${agents} agents in steps of a quarter (floor ${list(floors)}); the log alone has ${round(empty)}`,
          `exponent of the growth from half to all: ${round(exponent(seen))}`,
        ],
      },
    ] satisfies Result[]
  },
}

async function floorOf(agents: number): Promise<number[]> {
  await using floor = await startFloor()
  const port = await floor.call('openBare')
  const seen = [await floor.call('residentMemory')]
  await using stack = new AsyncDisposableStack()
  for (let part = 0; part < PARTS; part++) {
    const crews = stack.use(await Crews.start(border(agents, part + 1) - border(agents, part), 1))
    await crews.openBare(port)
    await wait(CALM_MS)
    seen.push(await floor.call('residentMemory'))
  }
  return seen
}

function border(agents: number, part: number): number {
  return Math.floor((agents * part) / PARTS)
}

/** Of what came on top of the empty process, between half of the agents and all of them. */
function exponent(seen: readonly number[]): number {
  const [empty = 0, half = 0, all = 0] = [seen[0], seen[PARTS / 2], seen[PARTS]]
  return Math.log2((all - empty) / (half - empty))
}

function list(numbers: readonly number[]): string {
  return numbers.map((number) => Math.round(number)).join(', ')
}
