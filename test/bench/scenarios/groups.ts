import type { NodeId } from '../../../src/keys/identity.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import type { Policy } from '../../../src/model/policy.ts'
import { emptyState, type State } from '../../../src/model/state.ts'
import { Audiences } from '../../../src/topology/policy/audiences.ts'
import { Regime, type Viewer } from '../../../src/topology/policy/regime.ts'
import { scratch } from '../../log/fixture.ts'
import { nodeId } from '../../topology/world.ts'
import { now, type Result, type Scenario } from '../scenario.ts'
import { against, spread } from '../stage/timing.ts'

/** NetBird's benchmark of its network maps: peers and groups, each peer in one group, and what one full update took it. */
const SHAPES = [
  { peers: 5_000, groups: 200, theirs: 1_700 },
  { peers: 5_000, groups: 15, theirs: 2_100 },
  { peers: 2_000, groups: 2_000, theirs: 2_400 },
] as const
const RUNS = 5
const JOINS = 50

/** Members of a group see each other and nobody else. */
export const groups: Scenario = {
  name: 'groups',
  work: 'disjoint groups, a rule within each and no other: who sees whom, for all members, and after one joins',
  goal: 'all < 300, < 800, < 150 ms (NetBird records 1,700, 2,100, 2,400); a join < 5 ms (120)',
  async run({ agents, samples = RUNS, say }) {
    const results: Result[] = []
    for (const shape of SHAPES) {
      const peers = agents ?? shape.peers
      const count = Math.min(shape.groups, peers)
      say(`groups: ${peers} peers in ${count} groups`)
      const regime = new Regime({ topology: 'mesh', policy: policyOf(count), project: DEFAULT_PROJECT })
      const viewers = Array.from({ length: peers }, (_, at) => viewerOf(at, count))
      const full = repeated(samples, () => listAll(new Audiences(regime, viewers), viewers))
      const floors = repeated(samples, () => copyAll(viewers, count))
      const joins = spread(await joinTimes(new Audiences(regime, viewers), peers, count))
      results.push({
        scenario: 'groups',
        peers,
        ...against(full, floors),
        notes: [
          `${count} groups: all lists from nothing (NetBird records ${shape.theirs} ms); the floor copies the list of its group for each member`,
          `${count} groups: a join, from its events over a durable commit to the new list of its group, takes ${joins.p50Ms} ms (p99 ${joins.p99Ms})`,
        ],
      })
    }
    return results
  },
}

function policyOf(count: number): Policy {
  const rules = Array.from({ length: count }, (_, group) => {
    const selector = `group=g${group}`
    return { from: selector, to: selector }
  })
  return { default: 'deny', rules }
}

function viewerOf(at: number, count: number): Viewer {
  return { id: nodeId(at), project: DEFAULT_PROJECT, labels: { group: `g${at % count}` }, roles: [] }
}

/** The list of every member; those of one class are one list, as they are one snapshot to its agents. */
function listAll(audiences: Audiences, viewers: readonly Viewer[]): number {
  return viewers.reduce((sum, { id }) => sum + audiences.visibleTo(audiences.of(id)?.key ?? '').length, 0)
}

function copyAll(viewers: readonly Viewer[], count: number): number {
  const byGroup = Map.groupBy(viewers, (_, at) => at % count)
  return viewers.reduce((sum, _, at) => sum + (byGroup.get(at % count) ?? []).slice().length, 0)
}

/** Until the event that makes a node is on the disk, and it is worked out what its group sees from then on. */
async function joinTimes(audiences: Audiences, peers: number, count: number): Promise<number[]> {
  await using folder = await scratch()
  await using log = await openSqliteLog(folder.log)
  let state: State = emptyState
  const times: number[] = []
  for (let at = 0; at < JOINS; at++) {
    const viewer = viewerOf(peers + at, count)
    const start = now()
    const draft = { operation: `join-${at}`, at: 0, actor: 'bench', events: [enrolment(viewer)] }
    const { entry } = await log.append(at, draft, { isNew: true })
    state = entry.events.reduce(apply, state)
    const { affected } = audiences.put(viewer)
    for (const key of affected) audiences.visibleTo(key)
    times.push(now() - start)
  }
  return times
}

function enrolment({ id, labels, project }: Viewer): Event {
  const key = `${id}${'A'.repeat(17)}`
  return {
    type: 'node-enrolled',
    id: id as NodeId,
    name: `node-${id}`,
    publicKey: key as Extract<Event, { type: 'node-enrolled' }>['publicKey'],
    sealingKey: key as Extract<Event, { type: 'node-enrolled' }>['sealingKey'],
    labels,
    project,
    at: 0,
  }
}

function repeated(times: number, work: () => unknown): number[] {
  return Array.from({ length: times }, () => timed(work))
}

function timed(work: () => unknown): number {
  const start = now()
  work()
  return now() - start
}
