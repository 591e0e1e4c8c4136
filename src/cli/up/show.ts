import type { Member } from '../../client/operations.ts'
import { WeftError } from '../../errors.ts'
import type { Host } from '../../lab/host.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Answer, allPairs, pingAll } from '../../lab/ping.ts'
import type { Scenario } from '../../lab/topology.ts'
import type { Client } from '../client.ts'
import { createDemo } from './demo.ts'
import { beside, pathMatrix, pingMatrix } from './matrix.ts'
import { awaitPaths, type Deviation, deviations } from './paths.ts'

/** The nodes of the demo, and what came of the pings; without answers if no packets flow. */
export interface Shown {
  readonly names: readonly string[]
  readonly answers: readonly Answer[]
  /** Pairs that talk over another path than the lab is made for. */
  readonly deviations: readonly Deviation[]
}

/** For the handshake of a pair, a second one if the first crossed with the other end's, and the search for a path. */
const PING_MS = 20_000
/** For a better path than the first that worked. */
const PATHS_MS = 20_000

/** Lets all nodes of the lab join a network, pings every pair, and prints over what they talk, with the count below it. */
export async function show(client: Client, lab: Lab, scenario: Scenario): Promise<Shown> {
  const hosts = lab.hosts.filter(({ agent }) => agent?.member)
  const names = hosts.map(({ name }) => name)
  say(`Controller, network and ${lab.hosts.filter(({ agent }) => agent).length} nodes are being set up.`)
  const { members } = await createDemo(client, lab.hosts, scenario.overlay)
  if (!hosts.every(({ namespace }) => namespace)) {
    say(`${names.length} simulated nodes have applied their plans; no pair was pinged`)
    return { names, answers: [], deviations: [] }
  }
  const start = performance.now()
  const answers = await pingAll(
    allPairs(hosts, (host) => addressesOf(host, members)),
    PING_MS,
  )
  const answered = performance.now()
  const paths = await awaitPaths(client, scenario, PATHS_MS)
  say('Pings through the tunnels, 4+6 for an answer over IPv4 and one over IPv6, and over what they went:\n')
  say(beside(pingMatrix(names, answers), pathMatrix(names, paths)))
  say(`Pings took ${secondsSince(start, answered)} s from the last plan, paths ${secondsSince(start)} s.`)
  const odd = deviations(paths, scenario)
  for (const { from, to, kind, expected } of odd)
    say(`${from} to ${to} should be ${expected}, and is ${kind}.`)
  say(`${answers.filter(isAnswered).length}/${answers.length} pairs answered`)
  return { names, answers, deviations: odd }
}

/** Rejects unless packets flowed, every pair answered, and over the path expected. */
export function requireAllAnswered({ answers, deviations: odd }: Shown): void {
  if (answers.length === 0) throw new WeftError('unsupported', 'Without root no packets flow.')
  const silent = answers.filter((answer) => !isAnswered(answer))
  if (silent.length > 0) {
    const pairs = silent.map(({ from, to, family }) => `${from.name} to ${to} over IPv${family}`)
    throw new WeftError('program-failed', `No answer came from ${pairs.join(', ')}.`)
  }
  if (odd.length === 0) return
  throw new WeftError('program-failed', `Over another path than expected: ${odd.length} pairs.`)
}

function addressesOf(host: Host, members: readonly Member[]): string[] {
  return members.filter(({ name }) => name === host.name).flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])
}

function isAnswered({ answered }: Answer): boolean {
  return answered
}

function secondsSince(start: number, end = performance.now()): string {
  return ((end - start) / 1000).toFixed(1)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
