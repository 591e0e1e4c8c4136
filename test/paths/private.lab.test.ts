import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { cone, sameLan } from '../../src/lab/homes.ts'
import type { Host } from '../../src/lab/host.ts'
import { tunnelsOn } from '../e2e/tunnel.ts'
import { skip } from '../wireguard/scene.ts'
import { openWorld, type World } from './world.ts'

const LOOK_MS = 500
/** From the last plan on: the first paths have been tried, and given up if they do not work. */
const WATCH_MS = 15_000
/** All LANs of these labs. */
const PRIVATE = /^192\.168\./

/** An endpoint that a host had for a peer at some time. */
interface Sighting {
  /** Name of the host. */
  readonly on: string
  /** WireGuard key of the peer. */
  readonly key: string
  readonly endpoint: string
}

for (const scenario of [cone(), sameLan()]) {
  test(`in the lab ${scenario.name} a private endpoint never reaches a node outside its LAN`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    await using world = await openWorld(scenario)
    const settled = new AbortController()
    const [keys, sightings] = await Promise.all([
      settle(world).finally(() => settled.abort()),
      watch(
        world.lab.hosts.filter(({ agent }) => agent),
        settled.signal,
      ),
    ])
    const found = sightings.filter(({ endpoint }) => PRIVATE.test(endpoint))
    t.diagnostic(`${sightings.length} different endpoints seen, ${found.length} of them private`)
    const pairs = found.map(({ on, key }) => `${on} of ${keys.get(key) ?? 'a stranger'}`)
    const neighbours = ['a-1 of a-2', 'a-2 of a-1', 'b-1 of b-2', 'b-2 of b-1']
    assert.deepEqual([...new Set(pairs)].sort(), neighbours)
  })
}

/** Names of the members by their keys, when they have had time to find paths. */
async function settle(world: World): Promise<ReadonlyMap<string, string>> {
  const { members } = await world.join()
  await wait(WATCH_MS)
  return new Map(members.map(({ publicKey, name }) => [publicKey ?? '', name]))
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
  const lists = await Promise.all(tunnels.map((tunnel) => host.exec('wg', ['show', tunnel, 'endpoints'])))
  const lines = lists.flatMap((list) => list.split('\n').filter(Boolean))
  return lines.map((line) => {
    const [key = '', endpoint = ''] = line.split('\t')
    return { on: host.name, key, endpoint }
  })
}
