import assert from 'node:assert/strict'
import type { Member } from '../../src/api/schemas/member.ts'
import { Client } from '../../src/cli/client.ts'
import { createDemo, type Demo } from '../../src/cli/up/demo.ts'
import { awaitPaths, deviations, type PairPath } from '../../src/cli/up/paths.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { CONTROLLER, type Scenario } from '../../src/lab/topology.ts'
import { startAgent, startController } from '../../src/lab/weft.ts'
import { withEnvironment } from '../e2e/demo.ts'
import { uniqueId } from '../lab/leftovers.ts'

/** A named lab with its controller, and nobody in the network yet. */
export interface World extends AsyncDisposable {
  readonly lab: Lab
  readonly scenario: Scenario
  readonly client: Client
  /** Hosts of those that are to be members. */
  readonly hosts: readonly Host[]
  /** Makes the network, starts all agents, and gives those their roles that have one. */
  join(): Promise<Demo>
  /** Ends the controller by SIGKILL. */
  killController(): Promise<void>
  /** Starts the controller again on the data that it left. */
  startController(): Promise<void>
  /** Starts the agent of a host again on the state that it left. */
  startAgent(name: string): Promise<Daemon>
}

/** Within this time of the last plan every pair has its path and answers, in ms. */
export const SETTLE_MS = 150_000

const STOP_MS = 5_000

/** What agents see of their links is told soon, so that the graph is of now. */
const AGENT_ENV = Object.freeze({ WEFT_REPORT_SECONDS: '1' })

/** Builds the lab and starts its controller; when that fails, nothing of it is left. */
export async function openWorld(scenario: Scenario): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const lab = stack.use(await buildLab(scenario, { id: `p${uniqueId()}`, isolated: true }))
  const place = lab.host(CONTROLLER)
  let controller = await startController(place)
  const { socket, fingerprint, adminToken = '' } = controller
  const secret = new SecretBytes(Buffer.from(adminToken))
  const client = stack.use(new Client(parseControllerUrl(`unix:${socket}#${fingerprint}`), secret))
  const held = stack.move()
  return {
    lab,
    scenario,
    client,
    hosts: lab.hosts.filter(({ agent }) => agent?.member),
    join: () =>
      createDemo(
        client,
        lab.hosts.map((host) => withEnvironment(host, AGENT_ENV)),
        scenario.overlay,
      ),
    killController: () => controller.daemon.stop('SIGKILL', STOP_MS),
    async startController() {
      controller = await startController(place)
    },
    startAgent: (name) => startAgent(withEnvironment(lab.host(name), AGENT_ENV), { device: 'auto' }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Waits until the graph shows a handshake on every link, and the path that the scenario expects; gives the paths. */
export async function settledPaths({
  client,
  scenario,
}: Pick<World, 'client' | 'scenario'>): Promise<PairPath[]> {
  const paths = await awaitPaths(client, scenario, SETTLE_MS)
  const odd = deviations(paths, scenario).map(
    ({ from, to, kind, expected }) => `${from} to ${to} is ${kind}, not ${expected}`,
  )
  const silent = paths.filter(({ up }) => !up).map(({ from, to }) => `${from} to ${to} is not up`)
  assert.deepEqual([...odd, ...silent], [])
  return paths
}

/** The member of this name. */
export function memberNamed(members: readonly Member[], name: string): Member {
  const member = members.find((one) => one.name === name)
  assert.ok(member, `${name} is a member`)
  return member
}

/** Name of the relay between two members. */
export function relayBetween(paths: readonly PairPath[], from: string, to: string): string {
  const via = paths.find((pair) => pair.from === from && pair.to === to)?.via
  assert.ok(via, `${from} and ${to} talk through a relay`)
  return via
}
