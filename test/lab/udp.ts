import { fileURLToPath } from 'node:url'
import type { Host } from '../../src/lab/host.ts'
import type { Lab } from '../../src/lab/lab.ts'

const END_PROGRAM = fileURLToPath(new URL('udp-end.ts', import.meta.url))
/** Where mirrors listen. */
const MIRROR_PORT = 3478
const START_MS = 10_000
/** Long enough for both ends to start and to knock a few times. */
const PUNCH_MS = 1_500

/** Starts a mirror on the first address of each host; gives where they are. */
export async function startMirrors(hosts: readonly Host[]): Promise<string[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const [address = ''] = host.addresses
      const mirror = [process.execPath, END_PROGRAM, 'mirror', address, String(MIRROR_PORT)] as const
      await (await host.start('mirror', mirror)).waitFor(/^ready$/m, START_MS)
      return `${address}:${MIRROR_PORT}`
    }),
  )
}

/** Where each mirror sees packets from `port` of a host come from; `silence` from those that do not answer. */
export async function seenFrom(host: Host, port: number, mirrors: readonly string[]): Promise<string[]> {
  const seen = await host.exec(process.execPath, [END_PROGRAM, 'ask', String(port), ...mirrors], 15_000)
  return seen.trim().split('\n')
}

/** One end of an attempt: from its own port it sends to where the other was seen. */
export interface Puncher {
  readonly host: Host
  readonly port: number
  readonly target: string
}

/** Lets hosts knock at the same time; tells for each what it heard. */
export function punch(ends: readonly Puncher[]): Promise<string[]> {
  return Promise.all(
    ends.map(async ({ host, port, target }) => {
      const args = [END_PROGRAM, 'punch', String(port), target, String(PUNCH_MS)]
      return (await host.exec(process.execPath, args, 15_000)).trim()
    }),
  )
}

/** Lets two hosts learn from the mirrors where they are seen, and then knock at each other there. */
export async function punchThrough(
  lab: Lab,
  names: readonly [string, string],
  mirrors: readonly string[],
): Promise<readonly [string, string]> {
  const [one, other] = [lab.host(names[0]), lab.host(names[1])]
  const [[atOne = ''], [atOther = '']] = [
    await seenFrom(one, 5_001, mirrors),
    await seenFrom(other, 5_002, mirrors),
  ]
  const [first = '', second = ''] = await punch([
    { host: one, port: 5_001, target: atOther },
    { host: other, port: 5_002, target: atOne },
  ])
  return [first, second]
}
