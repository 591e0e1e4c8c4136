import { PeerIndex } from '../../../src/topology/peers.ts'
import type { Place, Shape } from '../../../src/topology/standing.ts'
import { nodeId } from '../../topology/world.ts'
import { now, type Result, round, type Scenario } from '../scenario.ts'
import { against, median, spread } from '../stage/timing.ts'

const SHAPES: readonly Shape[] = ['mesh', 'hub', 'sites', 'transit']
const RUNS = 3
const CHANGES = 40

/** Every hundredth member is hub, gateway and relay of a site of a hundred. */
export const engine: Scenario = {
  name: 'engine',
  work: 'who is whose peer among N members: all lists from nothing, and the change of one member',
  goal: '< 2 s, and < 5 ms for a change, at 10,000',
  async run({ agents: peers = 10_000, samples = RUNS, say }) {
    return SHAPES.map((shape): Result => {
      say(`engine: ${shape} of ${peers}`)
      const members = Array.from({ length: peers }, (_, at) => placeOf(at))
      const full = repeated(samples, () => listAll(shape, members))
      const floors = repeated(samples, () => copyAll(members))
      const index = new PeerIndex(shape, members)
      const one = spread(changes(index, placeOf(peers + 1)))
      const carrier = median(changes(index, placeOf(peers + 100)))
      return {
        scenario: 'engine',
        peers,
        ...against(full, floors),
        notes: [
          `${shape}: one member comes or goes in ${one.p50Ms} ms (p99 ${one.p99Ms}), one that carries others in ${round(carrier)} ms`,
          'the floor copies a list of N for each of the N',
        ],
      }
    })
  },
}

function placeOf(number: number): Place {
  const isCarrier = number % 100 === 0
  return {
    node: nodeId(number),
    roles: { hub: isCarrier, gateway: isCarrier, relay: isCarrier },
    site: `site-${Math.floor(number / 100)}`,
  }
}

/** Lists are read and dropped, as by somebody who sends them. */
function listAll(shape: Shape, members: readonly Place[]): number {
  const index = new PeerIndex(shape, members)
  return members.reduce((sum, { node }) => sum + index.peersOf(node).length, 0)
}

function copyAll(members: readonly Place[]): number {
  return members.reduce((sum) => sum + members.slice().length, 0)
}

function repeated(count: number, work: () => unknown): number[] {
  return Array.from({ length: count }, () => timed(work))
}

/** Told to one viewer. */
function changes(index: PeerIndex, place: Place): number[] {
  return Array.from({ length: CHANGES }, (_, at) =>
    timed(() => index.changesFor(nodeId(1), at % 2 === 0 ? index.put(place) : index.remove(place.node))),
  )
}

function timed(work: () => unknown): number {
  const start = now()
  work()
  return now() - start
}
