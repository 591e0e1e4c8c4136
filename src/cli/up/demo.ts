import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Member } from '../../client/operations.ts'
import { WeftError } from '../../errors.ts'
import type { Daemon } from '../../lab/daemon.ts'
import type { Host } from '../../lab/host.ts'
import type { Scenario } from '../../lab/topology.ts'
import { startAgent } from '../../lab/weft.ts'
import type { Client } from '../client.ts'

/** Name of the network that `weft up` makes. */
export const DEMO = 'demo'

/** Agents and what became of them. */
export interface Demo {
  /** By the names of their hosts, relays that are no members among them. */
  readonly agents: ReadonlyMap<string, Daemon>
  /** All have applied their plans. */
  readonly members: readonly Member[]
}

/** Sixteen agents on two busy cores are through in a third of it. */
const JOIN_MS = 60_000
const POLL_MS = 100

/**
 * Makes the network by REST, starts an agent on every host that is to have one, with a join token that says what it may
 * join and where its site is, gives nodes their roles, and waits until all members have applied their plans. Rejects with
 * `unavailable` when one does not within a minute, `program-failed` when its agent ended.
 */
export async function createDemo(
  client: Client,
  hosts: readonly Host[],
  overlay: Scenario['overlay'],
): Promise<Demo> {
  await client.call('createNetwork', { body: { name: DEMO, topology: overlay } })
  const own = hosts.filter(({ agent }) => agent)
  const device = own.every(({ namespace }) => namespace) ? 'auto' : 'memory'
  const started = await Promise.all(
    own.map(async (host) => {
      const token = await createToken(client, host)
      return [host.name, await startAgent(host, { device, token })] as const
    }),
  )
  const agents = new Map(started)
  return { agents, members: await settle(client, own, agents) }
}

async function createToken(client: Client, { agent }: Host): Promise<string> {
  const labels = agent?.site === undefined ? {} : { labels: { site: agent.site } }
  const networks = agent?.member ? [DEMO] : []
  return (await client.call('createToken', { body: { networks, uses: 1, ...labels } })).token
}

async function settle(
  client: Client,
  hosts: readonly Host[],
  agents: ReadonlyMap<string, Daemon>,
): Promise<Member[]> {
  const expected = hosts.filter(({ agent }) => agent?.member)
  const withoutRole = new Set(hosts.filter(({ agent }) => agent && agent.roles.length > 0))
  const deadline = performance.now() + JOIN_MS
  for (;;) {
    if (withoutRole.size > 0) await giveRoles(client, withoutRole)
    const members = await client.list('listMembers', { path: { network: DEMO } })
    const applied = members.filter(({ state }) => state === 'applied')
    if (applied.length === expected.length && withoutRole.size === 0) return applied
    const ended = [...agents.values()].find(({ running }) => !running)
    if (ended) throw new WeftError('program-failed', `${ended.name} ended. ${lastWords(ended)}`)
    if (performance.now() > deadline) throw tooLate(expected, members, agents)
    await wait(POLL_MS)
  }
}

/** Gives those that have enrolled meanwhile their roles, and takes them out of the set. */
async function giveRoles(client: Client, withoutRole: Set<Host>): Promise<void> {
  const nodes = await client.list('listNodes')
  const enrolled = [...withoutRole].filter((host) => nodes.some(({ name }) => name === host.name))
  for (const host of enrolled) {
    await client.call('setRoles', { path: { node: host.name }, body: { roles: host.agent?.roles ?? [] } })
    withoutRole.delete(host)
  }
}

function tooLate(
  hosts: readonly Host[],
  members: readonly Member[],
  agents: ReadonlyMap<string, Daemon>,
): WeftError {
  const isApplied = ({ name }: Host) => members.some((one) => one.name === name && one.state === 'applied')
  const name = hosts.find((host) => !isApplied(host))?.name ?? 'a relay'
  const state = members.find((member) => member.name === name)?.state ?? 'not a member'
  return new WeftError(
    'unavailable',
    `After ${JOIN_MS / 1000} s ${name} has no tunnels yet: it is ${state}. ${lastWords(agents.get(name))}`,
  )
}

function lastWords(agent: Daemon | undefined): string {
  const lines = agent ? readFileSync(agent.stderr, 'utf8').trimEnd().split('\n') : []
  return `Its agent said last: ${lines.at(-1)}`
}
