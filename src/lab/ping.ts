import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import type { Host } from './host.ts'
import { inPool } from './pool.ts'

/** One cell of the matrix: a ping from a host to an address of another. */
export interface Probe {
  readonly from: Host
  /** Name of the host that has the address. */
  readonly to: string
  readonly address: string
  readonly family: 4 | 6
}

export interface Answer extends Probe {
  readonly answered: boolean
}

/** What came of a row of pings. */
export interface PingCount {
  readonly sent: number
  /** Numbers of those that were not answered; the first is 1. */
  readonly lost: readonly number[]
}

/** Enough to be quick on two cores without the pings getting in one another's way. */
const AT_ONCE = 8
const RETRY_MS = 100
/** Time for the answer to the last ping of a row, in seconds. */
const LAST_ANSWER_S = 2

/** Pings every address until it answers, `limit` ms at most for each; the answers come in the order of the probes. */
export function pingAll(probes: readonly Probe[], limit: number): Promise<Answer[]> {
  return inPool(probes, AT_ONCE, async (probe) => ({ ...probe, answered: await answers(probe, limit) }))
}

/** Every ordered pair of hosts in both families; `addresses` gives those of a host, one of each family. */
export function allPairs(hosts: readonly Host[], addresses: (host: Host) => readonly string[]): Probe[] {
  return hosts.flatMap((from) =>
    hosts
      .filter((to) => to !== from)
      .flatMap((to) =>
        addresses(to).map((address): Probe => ({ from, to: to.name, address, family: familyOf(address) })),
      ),
  )
}

/**
 * Starts `count` pings, one each `interval` ms (below 2 only root may). The promise that comes with it holds the count
 * when they are through.
 */
export async function startPings(
  host: Host,
  address: string,
  { count, interval }: { readonly count: number; readonly interval: number },
): Promise<{ readonly done: Promise<PingCount> }> {
  const name = `ping-${address.replaceAll(':', '_')}`
  const pings = ['-n', '-c', String(count), '-i', String(interval / 1000), '-W', String(LAST_ANSWER_S)]
  const daemon = await host.start(name, ['ping', ...pings, address])
  return { done: countOf(daemon, 2 * count * interval + 10_000) }
}

async function answers({ from, address }: Probe, limit: number): Promise<boolean> {
  const deadline = performance.now() + limit
  for (;;) {
    const left = Math.max(1, Math.ceil((deadline - performance.now()) / 1000))
    if (await answersWithin(from, address, left)) return true
    if (performance.now() > deadline - RETRY_MS) return false
    // Without a route ping ends at once.
    await wait(RETRY_MS)
  }
}

/** Pings five times a second until there is an answer. */
async function answersWithin(from: Host, address: string, seconds: number): Promise<boolean> {
  const options = ['-n', '-q', '-c', '1', '-i', '0.2', '-w', String(seconds)]
  try {
    await from.exec('ping', [...options, address], (seconds + 2) * 1000)
    return true
  } catch (error) {
    if (error instanceof WeftError && error.code !== 'unsupported') return false
    throw error
  }
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4
}

async function countOf(daemon: Daemon, limit: number): Promise<PingCount> {
  const [, transmitted] = await daemon.waitFor(/^(\d+) packets transmitted/m, limit)
  const sent = Number(transmitted)
  const lines = readFileSync(daemon.stdout, 'utf8').matchAll(/bytes from .*icmp_seq=(\d+)/g)
  const answered = new Set([...lines].map(([, number]) => Number(number)))
  const all = Array.from({ length: sent }, (_, index) => index + 1)
  return { sent, lost: all.filter((number) => !answered.has(number)) }
}
