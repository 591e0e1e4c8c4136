import type { Member } from '../../api/schemas/member.ts'
import { WeftError } from '../../errors.ts'
import type { Host } from '../../lab/host.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Answer, allPairs, pingAll } from '../../lab/ping.ts'
import { CONTROLLER } from '../../lab/topology.ts'
import type { Client } from '../client.ts'
import { createDemo } from './demo.ts'
import { matrix } from './matrix.ts'

/** The nodes of the demo, and what came of the pings; without answers if no packets flow. */
export interface Shown {
  readonly names: readonly string[]
  readonly answers: readonly Answer[]
}

/** For the handshake of a pair, and a second one if the first crossed with the other end's. */
const PING_MS = 15_000

/** Lets all nodes of the lab join a network, pings every pair, and prints the matrix with the count below it. */
export async function show(client: Client, lab: Lab): Promise<Shown> {
  const hosts = lab.hosts.filter(({ name }) => name !== CONTROLLER)
  const names = hosts.map(({ name }) => name)
  say(`Controller, network and ${hosts.length} nodes are being set up.`)
  const members = await createDemo(client, hosts)
  if (!hosts.every(({ namespace }) => namespace)) {
    say(`${names.length} simulated nodes have applied their plans; no pair was pinged`)
    return { names, answers: [] }
  }
  const answers = await pingAll(
    allPairs(hosts, (host) => addressesOf(host, members)),
    PING_MS,
  )
  say('Pings through the tunnels, 4+6 for an answer over IPv4 and one over IPv6:\n')
  say(matrix(names, answers))
  say(`${answers.filter(isAnswered).length}/${answers.length} pairs answered`)
  return { names, answers }
}

/** Rejects unless packets flowed and every pair answered. */
export function requireAllAnswered({ answers }: Shown): void {
  if (answers.length === 0) throw new WeftError('unsupported', 'Without root no packets flow.')
  const silent = answers.filter((answer) => !isAnswered(answer))
  if (silent.length === 0) return
  const pairs = silent.map(({ from, to, family }) => `${from.name} to ${to} over IPv${family}`)
  throw new WeftError('program-failed', `No answer came from ${pairs.join(', ')}.`)
}

function addressesOf(host: Host, members: readonly Member[]): string[] {
  return members.filter(({ name }) => name === host.name).flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])
}

function isAnswered({ answered }: Answer): boolean {
  return answered
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
