import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Member } from '../../src/api/schemas/member.ts'
import type { Network } from '../../src/api/schemas/network.ts'
import { Client } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { CONTROLLER, flat } from '../../src/lab/topology.ts'
import { type LabController, startAgent, startController } from '../../src/lab/weft.ts'
import { uniqueId } from '../lab/leftovers.ts'
import { eventually } from '../rig.ts'

/** The network of most tests. */
export const DEMO = 'demo'

/** Environment of daemons that print what they send by websocket, and log all that they can. */
export const RECORD: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=${import.meta.resolve('./frames.ts')}`,
  WEFT_LOG_LEVEL: 'debug',
}

/** Alone, a member has its plan within a second; on two busy cores it may take many times longer. */
const SETTLE_MS = 30_000
/** For an orderly end. */
const STOP_MS = 10_000

/** A controller and nodes in a lab, with daemons that run as they would on real machines. */
export interface Demo extends AsyncDisposable {
  readonly lab: Lab
  /** `node-1` and so on, without the controller's host. */
  readonly nodes: readonly Host[]
  readonly client: Client
  readonly adminToken: string
  /** The controller as it was started last. */
  readonly controller: LabController
  /** Ends the controller by SIGKILL. */
  killController(): Promise<void>
  /** Starts the controller again on the data that it left. */
  startController(): Promise<void>
}

export interface DemoOptions {
  readonly nodes: number
  /** For the controller. */
  readonly env?: Readonly<Record<string, string>>
  /** False for a lab without network namespaces. */
  readonly isolated?: boolean
}

/** Builds the lab and starts its controller; when that fails, nothing of it is left. */
export async function openDemo({ nodes, env = {}, isolated = true }: DemoOptions): Promise<Demo> {
  await using stack = new AsyncDisposableStack()
  const lab = stack.use(await buildLab(flat(nodes), { id: `e${uniqueId()}`, isolated }))
  const host = withEnvironment(lab.host(CONTROLLER), env)
  let controller = await startController(host)
  const { socket, fingerprint, adminToken = '' } = controller
  const secret = new SecretBytes(Buffer.from(adminToken))
  const client = stack.use(new Client(parseControllerUrl(`unix:${socket}#${fingerprint}`), secret))
  const held = stack.move()
  return {
    lab,
    nodes: lab.hosts.filter(({ name }) => name !== CONTROLLER),
    client,
    adminToken,
    get controller() {
      return controller
    },
    killController: () => controller.daemon.stop('SIGKILL', STOP_MS),
    async startController() {
      controller = await startController(host)
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** The network `demo` with all nodes of a new lab in it, and the agents in the order of the nodes. */
export async function openMesh(
  options: DemoOptions,
  agentEnv: Readonly<Record<string, string>> = {},
): Promise<Demo & { readonly agents: Daemon[] }> {
  const demo = await openDemo(options)
  try {
    await createNetwork(demo.client, { name: DEMO })
    const agents = await joinAll(demo.client, demo.nodes, [DEMO], agentEnv)
    await settled(demo.client, DEMO, options.nodes)
    return Object.assign(demo, { agents })
  } catch (error) {
    await demo[Symbol.asyncDispose]()
    throw error
  }
}

/** Makes a network by REST. */
export function createNetwork(
  client: Client,
  network: { readonly name: string; readonly keyCustody?: 'controller' | 'node' },
): Promise<Network> {
  return client.call('createNetwork', { body: network })
}

/** Starts an agent on every host, with one token for all that lets them into `networks`. */
export async function joinAll(
  client: Client,
  hosts: readonly Host[],
  networks: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Daemon[]> {
  const token = await createToken(client, networks, hosts.length)
  return Promise.all(hosts.map((host) => startAgent(withEnvironment(host, env), { device: 'auto', token })))
}

/** A join token, made by REST. */
export async function createToken(client: Client, networks: readonly string[], uses = 1): Promise<string> {
  return (await client.call('createToken', { body: { networks, uses } })).token
}

/**
 * Waits until the network has `count` members, all of them have applied its latest revision, and it is known at which
 * ports they are; gives them by name.
 */
export async function settled(
  client: Client,
  network: string,
  count: number,
): Promise<ReadonlyMap<string, Member>> {
  const members = await eventually(
    `${count} members of ${network} have applied their plan`,
    async () => {
      const all = await client.list('listMembers', { path: { network } })
      return all.length === count && all.every(isSettled) && all
    },
    SETTLE_MS,
  )
  return new Map(members.map((member) => [member.name, member]))
}

function isSettled({ state, listenPort }: Member): boolean {
  return state === 'applied' && listenPort !== null
}

/** The member of this name. */
export function memberOf(members: ReadonlyMap<string, Member>, { name }: Host): Member {
  const member = members.get(name)
  assert.ok(member, `${name} is a member`)
  return member
}

/** A host whose programs get more environment than usual, such as settings of a daemon. */
export function withEnvironment(host: Host, more: Readonly<Record<string, string>>): Host {
  return { ...host, start: (name, command, env) => host.start(name, command, { ...more, ...env }) }
}

/** Ends a daemon as systemd would. */
export async function stopInOrder(daemon: Daemon): Promise<void> {
  await daemon.stop('SIGTERM', STOP_MS)
  assert.ok(!daemon.running, `${daemon.name} ends within ${STOP_MS / 1000} s of SIGTERM`)
}

/** What a daemon wrote to its log so far: a value for each line of JSON. */
export function logOf({ stderr }: Daemon): Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(stderr, 'utf8').trimEnd().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line))
}
