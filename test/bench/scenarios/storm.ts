import type { NetworkId } from '../../../src/model/names.ts'
import { encodeFrame } from '../../../src/protocol/frames.ts'
import { now, type Options, type Result, round, type Scenario } from '../scenario.ts'
import { BenchController } from '../stage/controller.ts'
import { Crews } from '../stage/crews.ts'
import { startFloor, USUAL_ANSWER } from '../stage/floor.ts'
import { MESH, MESH_RANGE, settle } from '../stage/population.ts'
import { spread } from '../stage/timing.ts'

/** A challenge, which the controller does not count among what sessions are sent. */
const CHALLENGE_BYTES = encodeFrame({
  type: 'challenge',
  nonce: 'A'.repeat(43),
  key: 'A'.repeat(43),
  signature: 'A'.repeat(86),
}).length

/** Agents notice that the controller is gone, and all come back in the moment in which it serves again. */
export const storm: Scenario = {
  name: 'storm',
  work: 'controller killed and started again under N agents without jitter, until all are resumed',
  goal: '<= 1.3 x floor and <= 1 KB each at 10,000; 300 agents < 600 ms',
  async run(options) {
    const results: Result[] = []
    for (const agents of options.agents === undefined ? [300, 10_000] : [options.agents])
      results.push(await measure(agents, options))
    return results
  },
}

async function measure(agents: number, { profile, say }: Options): Promise<Result> {
  say(`storm: ${agents} agents`)
  await using population = await settle({
    nodes: agents,
    networks: [{ name: MESH, ipv4: MESH_RANGE, members: agents }],
  })
  await using crews = await Crews.start(agents)
  const { fingerprint, controllerKey } = population
  const floor = await floorOf(agents)
  let controller = await BenchController.start(population)
  try {
    using client = controller.client()
    const { id } = await client.call('showNetwork', { path: { network: MESH } })
    await crews.enlist({ urls: [controller.url], fingerprint, controllerKey }, id as NetworkId)
    await controller.quiet()
    await crews.hold()
    const { port } = controller
    const killed = now()
    await controller.kill()
    controller = await BenchController.start(population, { port, profile })
    const serves = now()
    const before = await controller.call('cpu')
    const times = await controller.profiled(`storm-${agents}`, async () => {
      await crews.release()
      return crews.returned()
    })
    const cost = (await controller.call('cpu')) - before
    const { bytes, encodings, signatures } = await controller.quiet()
    const [last, floorLast] = [Math.max(...times) - serves, Math.max(...floor.times)]
    return {
      scenario: 'storm',
      agents,
      ...spread(times.map((time) => time - serves)),
      floorMs: round(floorLast),
      ratio: round(last / floorLast),
      bytesPerAgent: round(bytes / agents + CHALLENGE_BYTES),
      encodings,
      signatures,
      rssMb: round(await controller.call('residentMemory')),
      notes: [
        `times count from the moment in which it serves again, ${Math.round(serves - killed)} ms after it was killed; the ratio is that of the last ones`,
        `they tried ${await crews.tries()} times, in the floor ${floor.tries}`,
        `CPU of the server for each agent: ${round(cost / agents)} ms, in the floor ${round(floor.cost / agents)} ms`,
        'the floor is a mutual Ed25519 challenge over TLS, by the same client code, with a short answer',
      ],
    }
  } finally {
    await controller.kill()
  }
}

interface Floor {
  readonly times: number[]
  readonly tries: number
  /** Milliseconds of CPU of the server, for all of them. */
  readonly cost: number
}

/** Milliseconds until each agent was let in by a server that does nothing else, and how often they tried. */
async function floorOf(agents: number): Promise<Floor> {
  await using floor = await startFloor()
  await using crews = await Crews.start(agents)
  const { port, fingerprint, controllerKey } = await floor.call('openChallenges', USUAL_ANSWER)
  const enrolment = { urls: [`https://127.0.0.1:${port}`], fingerprint, controllerKey }
  const [start, before] = [now(), await floor.call('cpu')]
  const times = (await crews.knock(enrolment)).map((time) => time - start)
  return { times, tries: await crews.tries(), cost: (await floor.call('cpu')) - before }
}
