import { now, type Result, round, type Scenario } from '../scenario.ts'
import { BenchController, growth } from '../stage/controller.ts'
import { Crews } from '../stage/crews.ts'
import { startFloor } from '../stage/floor.ts'
import { MESH, MESH_RANGE, settle } from '../stage/population.ts'
import { against } from '../stage/timing.ts'

const LIMIT_MS = 120_000

/** Each of them gets its own key and the whole list. */
export const form: Scenario = {
  name: 'form',
  work: 'N connected agents are put into one new network by one call, until all have acknowledged',
  goal: '1,000 agents in < 3 s',
  async run({ agents = 1_000, profile, say }) {
    say(`form: ${agents} agents`)
    await using population = await settle({
      nodes: agents,
      networks: [{ name: MESH, ipv4: MESH_RANGE, members: 0 }],
    })
    await using controller = await BenchController.start(population, { profile })
    await using floor = await startFloor()
    await using crews = await Crews.start(agents)
    const { fingerprint, controllerKey } = population
    const enrolment = { urls: [controller.url], fingerprint, controllerKey }
    await crews.enlist(enrolment)
    const plain = await floor.call('openSockets')
    await crews.openFloor({ ...enrolment, urls: [`https://127.0.0.1:${plain.port}`] })
    using client = controller.client()
    const add = Array.from({ length: agents }, (_, index) => `node-${index}`)
    const before = await controller.quiet()
    const took = await controller.profiled(`form-${agents}`, async () => {
      await controller.call('armFor', agents)
      const start = now()
      await client.call('changeMembers', { path: { network: MESH }, body: { add } })
      return (await controller.call('allAcknowledged', LIMIT_MS)) - start
    })
    const counts = growth(before, await controller.quiet())
    const snapshot = await crews.lastFrame('snapshot')
    const floors = [await floor.call('send', snapshot), await floor.call('send', snapshot)]
    return [
      {
        scenario: 'form',
        agents,
        ...against([took], floors),
        bytesPerAgent: round(counts.bytes / agents),
        encodings: counts.encodings,
        signatures: counts.signatures,
        rssMb: round(await controller.call('residentMemory')),
        notes: [
          `the floor sends the same ${snapshot.bytes.length} bytes of a snapshot to as many sockets, which parse and acknowledge them`,
          'bytes include where the others are, which every agent tells as soon as it has a port',
        ],
      },
    ] satisfies Result[]
  },
}
