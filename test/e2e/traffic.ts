import assert from 'node:assert/strict'
import type { Member } from '../../src/api/schemas/member.ts'
import type { Host } from '../../src/lab/host.ts'
import { allPairs, type PingCount, pingAll, startPings } from '../../src/lab/ping.ts'
import { memberOf } from './demo.ts'

/** For the handshake of a pair: one that crosses with the other end's is tried again after 5 s, and may cross again. */
const PING_MS = 25_000

/** Fails unless every ordered pair of hosts answers over the network, in both families. */
export async function assertAllAnswer(
  hosts: readonly Host[],
  members: ReadonlyMap<string, Member>,
): Promise<void> {
  const probes = allPairs(hosts, (host) => {
    const { ipv4, ipv6 } = memberOf(members, host)
    return [ipv4, ipv6]
  })
  assert.equal(probes.length, hosts.length * (hosts.length - 1) * 2)
  const silent = (await pingAll(probes, PING_MS)).filter(({ answered }) => !answered)
  if (silent.length === 0) return
  const pairs = silent.map(({ from, to, family }) => `${from.name} to ${to} over IPv${family}`)
  const [host] = silent.map(({ from }) => from)
  // It hides private keys.
  const state = await host?.exec('wg', ['show', 'all'])
  assert.fail(`No answer came from ${pairs.join(', ')}. WireGuard says:\n${state}`)
}

/** A direction in which packets go: from a host to an overlay address. */
export type Direction = readonly [from: Host, to: string]

/** The count of each direction's pings, and whether `work` was over before the pings were. */
export interface Traffic {
  readonly counts: readonly PingCount[]
  readonly inTime: boolean
}

/** Lets pings go in each direction, 10 ms apart, and does `work` meanwhile. A direction can be used only once. */
export async function underTraffic(
  directions: readonly Direction[],
  work: () => Promise<unknown>,
  count = 1_000,
): Promise<Traffic> {
  const rows = await Promise.all(
    directions.map(([from, to]) => startPings(from, to, { count, interval: 10 })),
  )
  const all = Promise.all(rows.map(({ done }) => done))
  let over = false
  all.then(
    () => {
      over = true
    },
    () => undefined,
  )
  await work()
  const inTime = !over
  return { counts: await all, inTime }
}

/** Fails if a ping was lost, or if what was done took longer than the traffic. */
export function assertNothingLost({ counts, inTime }: Traffic): void {
  assert.deepEqual(
    counts,
    counts.map(() => ({ sent: 1_000, lost: [] })),
  )
  assert.ok(inTime, 'all was over before the last ping')
}
