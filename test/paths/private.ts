import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Host } from '../../src/lab/host.ts'
import { tunnelsOn } from '../e2e/tunnel.ts'
import type { Watch } from './stage.ts'

const LOOK_MS = 500
/** All LANs of the labs that this is for. */
const PRIVATE = /^192\.168\./

/** Pairs of the labs of two homes that share a LAN. */
export const NEIGHBOURS = ['a-1 of a-2', 'a-2 of a-1', 'b-1 of b-2', 'b-2 of b-1']

/** An endpoint that a host had for a peer at some time. */
interface Sighting {
  /** Name of the host. */
  readonly on: string
  /** WireGuard key of the peer. */
  readonly key: string
  readonly endpoint: string
}

/** Fails if any host ever had a private endpoint of a node outside its LAN; `neighbours` are the pairs that share one. */
export function privateEndpointsOnly(neighbours: readonly string[]): Watch {
  return ({ lab }) => {
    const ended = new AbortController()
    const hosts = lab.hosts.filter(({ agent }) => agent)
    const watching = watch(hosts, ended.signal)
    return {
      async end({ members }) {
        ended.abort()
        const names = new Map(members.map(({ publicKey, name }) => [publicKey ?? '', name]))
        const found = (await watching).filter(({ endpoint }) => PRIVATE.test(endpoint))
        const pairs = found.map(({ on, key }) => `${on} of ${names.get(key) ?? 'a stranger'}`)
        assert.deepEqual([...new Set(pairs)].sort(), neighbours)
      },
    }
  }
}

/** Looks at all interfaces of all hosts again and again, and once more at the end; gives what was there, without repeats. */
async function watch(hosts: readonly Host[], ended: AbortSignal): Promise<Sighting[]> {
  const sightings = new Map<string, Sighting>()
  for (let isLast = false; !isLast; ) {
    isLast = ended.aborted
    const now = (await Promise.all(hosts.map(endpointsOn))).flat()
    for (const sighting of now) sightings.set(JSON.stringify(sighting), sighting)
    await wait(LOOK_MS)
  }
  return [...sightings.values()]
}

/** Of its own interfaces alone: `wg show all` also tells those of wireguard-go in other namespaces. */
async function endpointsOn(host: Host): Promise<Sighting[]> {
  const tunnels = await tunnelsOn(host)
  // An interface may be there before WireGuard can be asked about it.
  const ask = (tunnel: string) => host.exec('wg', ['show', tunnel, 'endpoints']).catch(() => '')
  const lines = (await Promise.all(tunnels.map(ask))).flatMap((list) => list.split('\n').filter(Boolean))
  return lines.map((line) => {
    const [key = '', endpoint = ''] = line.split('\t')
    return { on: host.name, key, endpoint }
  })
}
