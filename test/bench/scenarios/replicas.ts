import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '../../../src/cli/client.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import { now, type Result, round, type Scenario } from '../scenario.ts'
import { Crews } from '../stage/crews.ts'
import { BenchFleet } from '../stage/fleet.ts'
import { startFloor, USUAL_ANSWER } from '../stage/floor.ts'
import { MESH, MESH_RANGE, type Population, settle } from '../stage/population.ts'
import { spread } from '../stage/timing.ts'

const AGENTS = 6_000
const CONTROLLERS = 3
/** Changes that are acknowledged before one is killed. */
const ACKNOWLEDGED = 20

/** One of three controllers dies, and its agents go on to the other two, half to each. */
export const replicas: Scenario = {
  name: 'replicas',
  work: '3 controllers on one Redis under N agents; one killed, until its third is resumed on the others',
  goal: '<= 1.3 x floor at 6,000; no acknowledged change lost',
  async run({ agents = AGENTS, say }) {
    say(`replicas: ${agents} agents`)
    const half = Math.max(1, Math.floor(agents / CONTROLLERS / 2))
    const floorTimes = await floorOf(half)
    await using population = await settle({
      nodes: agents,
      networks: [{ name: MESH, ipv4: MESH_RANGE, members: agents }],
    })
    await using fleet = await BenchFleet.start(population, CONTROLLERS)
    const [dying, ...others] = fleet.controllers
    const [second, third] = others
    if (!dying || !second || !third) throw new Error('there are three controllers')
    using client = dying.client()
    using witness = second.client()
    const { id } = await client.call('showNetwork', { path: { network: MESH } })
    await using homeless = await Homes.settle(population, id as NetworkId, [
      { urls: [dying.url, second.url], count: half },
      { urls: [dying.url, third.url], count: half },
      { urls: [second.url, third.url], count: Math.ceil((agents - 2 * half) / 2) },
      { urls: [third.url, second.url], count: Math.floor((agents - 2 * half) / 2) },
    ])
    for (const controller of fleet.controllers) await controller.quiet()
    const moving = homeless.crews.slice(0, 2)
    for (const crew of moving) await crew.hold()
    for (const crew of moving) await crew.release()
    const acknowledged: string[] = []
    const writing = writeUntilItEnds(client, acknowledged)
    const isOver = writing.then(() => true)
    while (acknowledged.length < ACKNOWLEDGED) {
      if (await Promise.race([isOver, wait(5)])) throw new Error('a controller refuses changes')
    }
    const killed = now()
    await dying.kill()
    const times = (await Promise.all(moving.map((crew) => crew.returned()))).flat()
    await writing
    const kept = new Set((await witness.list('listNetworks')).map(({ name }) => name))
    const lost = acknowledged.filter((name) => !kept.has(name))
    const took = times.map((time) => time - killed)
    const [last, floorLast] = [Math.max(...took), Math.max(...floorTimes)]
    return [
      {
        scenario: 'replicas',
        agents,
        ...spread(took),
        floorMs: round(floorLast),
        ratio: round(last / floorLast),
        rssMb: round(await second.call('residentMemory')),
        notes: [
          `${times.length} agents of the controller that was killed; times count from the kill, the ratio is that of the last ones`,
          `of ${acknowledged.length} changes that it had acknowledged right before, ${lost.length} were lost`,
          'the floor is as many mutual Ed25519 challenges over TLS, at two servers, by the same client code',
        ],
      },
    ] satisfies Result[]
  },
}

/** Creates networks one after the other, until the controller is gone. */
async function writeUntilItEnds(client: Client, acknowledged: string[]): Promise<void> {
  for (let number = 0; ; number++) {
    const body = {
      name: `witness-${number}`,
      ipv4: `172.${16 + (number >> 8)}.${number & 255}.0/24`,
      nodePrefixLength: 28,
    }
    try {
      await client.call('createNetwork', { body })
    } catch {
      return
    }
    acknowledged.push(body.name)
  }
}

interface Home {
  /** The first is where they are; the next where they go. */
  readonly urls: readonly string[]
  readonly count: number
}

/** Crews of one process each, at different controllers. */
class Homes implements AsyncDisposable {
  readonly crews: readonly Crews[]

  private constructor(crews: readonly Crews[]) {
    this.crews = crews
  }

  static async settle(
    { fingerprint, controllerKey }: Population,
    network: NetworkId,
    homes: readonly Home[],
  ): Promise<Homes> {
    const made = new Homes(await Promise.all(homes.map(({ count }) => Crews.start(count, 1))))
    let first = 0
    for (const [at, { urls, count }] of homes.entries()) {
      await made.crews[at]?.enlist({ urls, fingerprint, controllerKey }, network, first)
      first += count
    }
    return made
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.crews.map((crew) => crew[Symbol.asyncDispose]()))
  }
}

/** Milliseconds until each of twice so many was let in by one of two servers that do nothing else. */
async function floorOf(half: number): Promise<number[]> {
  await using one = await startFloor()
  await using other = await startFloor()
  const floors = [one, other]
  await using stack = new AsyncDisposableStack()
  const knocks: (() => Promise<number[]>)[] = []
  for (const floor of floors) {
    const crew = stack.use(await Crews.start(half, 1))
    const { port, fingerprint, controllerKey } = await floor.call('openChallenges', USUAL_ANSWER)
    const urls = [`https://127.0.0.1:${port}`]
    knocks.push(() => crew.knock({ urls, fingerprint, controllerKey }))
  }
  const start = now()
  const times = await Promise.all(knocks.map((knock) => knock()))
  return times.flat().map((time) => time - start)
}
