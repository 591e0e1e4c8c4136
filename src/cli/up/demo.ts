import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Member } from '../../api/schemas/member.ts'
import type { Network } from '../../api/schemas/network.ts'
import type { CreatedToken } from '../../api/schemas/token.ts'
import { WeftError } from '../../errors.ts'
import type { Daemon } from '../../lab/daemon.ts'
import type { Host } from '../../lab/host.ts'
import { startAgent } from '../../lab/weft.ts'
import { type Client, path } from '../client.ts'

/** Name of the network that `weft up` makes. */
export const DEMO = 'demo'

/** Sixteen agents on two busy cores are through in a third of it. */
const JOIN_MS = 60_000
const POLL_MS = 100

/**
 * Makes the network and a join token by REST, starts an agent on every host, and gives the members when all have applied
 * their plans. Rejects with `unavailable` when one does not within a minute, `program-failed` when its agent ended.
 */
export async function createDemo(client: Client, hosts: readonly Host[]): Promise<Member[]> {
  await client.post<Network>('/v1/networks', { name: DEMO })
  const { token } = await client.post<CreatedToken>('/v1/tokens', { networks: [DEMO], uses: hosts.length })
  const device = hosts.every(({ namespace }) => namespace) ? 'auto' : 'memory'
  const agents = await Promise.all(hosts.map((host) => startAgent(host, { device, token })))
  const deadline = performance.now() + JOIN_MS
  for (;;) {
    const members = await client.list<Member>(path`/v1/networks/${DEMO}/members`)
    const applied = members.filter(({ state }) => state === 'applied')
    if (applied.length === hosts.length) return applied
    const ended = agents.find(({ running }) => !running)
    if (ended) throw new WeftError('program-failed', `${ended.name} ended. ${lastWords(ended)}`)
    if (performance.now() > deadline) throw tooLate(hosts, members, agents)
    await wait(POLL_MS)
  }
}

function tooLate(hosts: readonly Host[], members: readonly Member[], agents: readonly Daemon[]): WeftError {
  const isApplied = ({ name }: Host) => members.some((one) => one.name === name && one.state === 'applied')
  const late = hosts.findIndex((host) => !isApplied(host))
  const name = hosts[late]?.name
  const state = members.find((member) => member.name === name)?.state ?? 'not a member'
  return new WeftError(
    'unavailable',
    `After ${JOIN_MS / 1000} s ${name} has no tunnels yet: it is ${state}. ${lastWords(agents[late])}`,
  )
}

function lastWords(agent: Daemon | undefined): string {
  const lines = agent ? readFileSync(agent.stderr, 'utf8').trimEnd().split('\n') : []
  return `Its agent said last: ${lines.at(-1)}`
}
