import assert from 'node:assert/strict'
import type { Demo } from '../../src/cli/up/demo.ts'
import type { PairPath } from '../../src/cli/up/paths.ts'
import { allPairs, pingAll } from '../../src/lab/ping.ts'
import { expectedPath, type Scenario } from '../../src/lab/topology.ts'
import { memberNamed, openWorld, SETTLE_MS, settledPaths, type World } from './world.ts'

/** A lab in which every pair answers, over the path that it was built for: what befalls it is up to the test. */
export interface Stage extends World, Demo {
  /** The path of every ordered pair. */
  readonly paths: readonly PairPath[]
  /** Both overlay addresses of a member. */
  addressesOf(name: string): string[]
  /**
   * Does something, and waits until every pair answers again and, if a scenario is given, until paths are as it says;
   * both times are told, counted from when it was done.
   */
  after(what: string, act: () => Promise<unknown>, expected?: Scenario): Promise<PairPath[]>
}

/** Whoever is told of times: a test, or a script. */
interface Teller {
  diagnostic(line: string): void
}

/** Opens a lab, has all join, and fails unless every ordered pair answers in both families, over the path expected. */
export async function openStage(t: Teller, scenario: Scenario, whileJoining?: Watch): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await openWorld(scenario))
  const started = performance.now()
  const watching = whileJoining?.(world)
  const demo = await world.join()
  const joined = performance.now()
  const addressesOf = (name: string) => {
    const { ipv4, ipv6 } = memberNamed(demo.members, name)
    return [ipv4, ipv6]
  }
  const everyPairAnswers = () => assertAnswers(world, addressesOf)
  const [paths] = await Promise.all([settledPaths(world), everyPairAnswers()])
  const settled = performance.now()
  const count = world.hosts.length * (world.hosts.length - 1)
  assert.equal(paths.length, count)
  for (const { from, to, kind } of paths) assert.equal(kind, expectedPath(scenario, from, to))
  t.diagnostic(
    `${scenario.name}: joined in ${seconds(started, joined)} s, settled ${seconds(joined, settled)} s later`,
  )
  await watching?.end(demo)
  const held = stack.move()
  return {
    ...world,
    ...demo,
    paths,
    addressesOf,
    async after(what, act, expected) {
      await act()
      const done = performance.now()
      await everyPairAnswers()
      const answered = performance.now()
      t.diagnostic(`${what}: all pairs answer after ${seconds(done, answered)} s`)
      if (!expected) return []
      const found = await settledPaths({ ...world, scenario: expected })
      t.diagnostic(`${what}: paths as expected after ${seconds(done, performance.now())} s`)
      return found
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Looks at a lab from before the first agent starts until all has settled. */
export type Watch = (world: World) => { end(demo: Demo): Promise<void> }

async function assertAnswers({ hosts }: World, addressesOf: (name: string) => string[]): Promise<void> {
  const probes = allPairs(hosts, ({ name }) => addressesOf(name))
  assert.equal(probes.length, 2 * hosts.length * (hosts.length - 1))
  const silent = (await pingAll(probes, SETTLE_MS)).filter(({ answered }) => !answered)
  assert.deepEqual(
    silent.map(({ from, to, family }) => `${from.name} to ${to} over IPv${family}`),
    [],
  )
}

function seconds(from: number, to: number): string {
  return ((to - from) / 1_000).toFixed(1)
}
