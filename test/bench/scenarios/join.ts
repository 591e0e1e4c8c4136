import type { NetworkId } from '../../../src/model/names.ts'
import { now, type Options, type Result, round, type Scenario } from '../scenario.ts'
import { BenchController, type Counters, growth } from '../stage/controller.ts'
import { Crews } from '../stage/crews.ts'
import { startFloor } from '../stage/floor.ts'
import { MESH, MESH_RANGE, settle } from '../stage/population.ts'
import { against, median } from '../stage/timing.ts'

/** All connected; then one more joins by REST, and again one more, in turn with the floor. */
export const join: Scenario = {
  name: 'join',
  work: 'one more joins a mesh of N, until the last of the N has acknowledged',
  goal: '<= 1.5 x floor, <= 400 bytes an agent, encodings and signatures O(1)',
  async run(options) {
    const results: Result[] = []
    for (const agents of options.agents === undefined ? [1_000, 10_000] : [options.agents])
      results.push(await measure(agents, options))
    return results
  },
}

const SAMPLES = 15
/** The first ones meet code that is not compiled yet, which hardly matters to a few. */
const WARM_UP = 5
const LIMIT_MS = 60_000

async function measure(agents: number, { samples = SAMPLES, profile, say }: Options): Promise<Result> {
  const warmUp = Math.min(WARM_UP, samples)
  const joins = samples + warmUp
  say(`join: ${agents} agents`)
  await using population = await settle({
    nodes: agents + joins,
    networks: [{ name: MESH, ipv4: MESH_RANGE, members: agents }],
  })
  await using controller = await BenchController.start(population, { profile })
  await using floor = await startFloor()
  await using crews = await Crews.start(agents)
  await using newcomers = await Crews.start(joins, 1)
  using client = controller.client()
  const { fingerprint, controllerKey } = population
  const enrolment = { urls: [controller.url], fingerprint, controllerKey }
  const { id } = await client.call('showNetwork', { path: { network: MESH } })
  await crews.enlist(enrolment, id as NetworkId)
  await newcomers.enlist(enrolment, undefined, agents)
  const plain = await floor.call('openSockets')
  await crews.openFloor({ ...enrolment, urls: [`https://127.0.0.1:${plain.port}`] })
  await controller.quiet()
  say('join: all are connected')

  const cpu: { ours: number[]; floor: number[] } = { ours: [], floor: [] }
  const add = async (number: number): Promise<number> => {
    await controller.call('armForRegulars')
    const before = await controller.call('cpu')
    const start = now()
    await client.call('addMember', { path: { network: MESH }, body: { node: `node-${agents + number}` } })
    const took = (await controller.call('allAcknowledged', LIMIT_MS)) - start
    cpu.ours.push((await controller.call('cpu')) - before)
    return took
  }
  const repeatOnFloor = async (): Promise<number> => {
    const frame = await crews.lastFrame('delta')
    const before = await floor.call('cpu')
    const took = await floor.call('send', frame)
    cpu.floor.push((await floor.call('cpu')) - before)
    return took
  }
  for (let number = 0; number < warmUp; number++) {
    await add(number)
    await controller.quiet()
    await repeatOnFloor()
  }
  const [times, floors, bytes, counts]: [number[], number[], number[], Counters[]] = [[], [], [], []]
  const sampleAll = async () => {
    for (let number = warmUp; number < joins; number++) {
      const [before, received] = [await controller.counters(), await newcomers.bytes()]
      times.push(await add(number))
      const after = await controller.quiet()
      const grown = growth(before, after)
      bytes.push((grown.bytes - ((await newcomers.bytes()) - received)) / agents)
      counts.push(grown)
      floors.push(await repeatOnFloor())
    }
  }
  cpu.ours = []
  cpu.floor = []
  await controller.profiled(`join-${agents}`, sampleAll)
  const each = (costs: readonly number[]) => round((median(costs) / agents) * 1_000)
  return {
    scenario: 'join',
    agents,
    ...against(times, floors),
    bytesPerAgent: round(Math.max(...bytes)),
    encodings: Math.max(...counts.map(({ encodings }) => encodings)),
    signatures: Math.max(...counts.map(({ signatures }) => signatures)),
    rssMb: round(await controller.call('residentMemory')),
    notes: [
      `${times.length} joins, ${floors.length} floors in turn`,
      `CPU of the server for each agent: ${each(cpu.ours)} µs, in the floor ${each(cpu.floor)} µs; one call of REST and its commit are in ours`,
      'agents of a process share the verification of identical frames, here and in the floor',
      `bytes are all that the controller sent but to the newcomer, by its counters, at most: the delta of ${(await crews.lastFrame('delta')).bytes.length}, and the word of the newcomer's port, which follows; encodings and signatures count that, and the newcomer's snapshot`,
    ],
  }
}
