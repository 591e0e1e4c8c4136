import { readdirSync, rmSync } from 'node:fs'
import { run } from '../wireguard/run.ts'
import { endProcesses, findProcess, type ProcessId } from './process.ts'
import type { Topology } from './topology.ts'
import { configure, ip, namespaceOf, switchOf } from './wiring.ts'

/** Where ip(8) keeps the names of network namespaces. */
const NAMES_FOLDER = '/run/netns'
/** Where WireGuard in userspace keeps its control sockets, for all network namespaces together. */
const SOCKETS_FOLDER = '/run/wireguard'
/** Bytes: that of Ethernet. */
const MTU = 1_500
/** Time for programs to end by themselves, and so to remove their interfaces and sockets, in ms. */
const GRACE_MS = 3_000

/** Makes one namespace per host, and one that holds a bridge per segment. Nothing is added to the namespace of the caller. */
export async function createNamespaces(labId: string, topology: Topology): Promise<void> {
  const cables = topology.hosts.flatMap((host) =>
    host.ports.map((port, index) => ({
      host: host.name,
      own: `eth${index}`,
      far: `${host.name}.${index}`,
      port,
    })),
  )
  const bridges = switchOf(labId)
  const names = [bridges, ...topology.hosts.map(({ name }) => namespaceOf(labId, name))]
  await ip(
    [],
    [
      ...names.map((name) => `netns add ${name}`),
      ...cables.map(
        ({ host, own, far }) =>
          `link add ${own} netns ${namespaceOf(labId, host)} type veth peer name ${far} netns ${bridges}`,
      ),
    ],
  )
  await ip(
    ['-n', bridges],
    [
      ...topology.segments.map(
        ({ name }) => `link add ${name} up type bridge forward_delay 0 mcast_snooping 0`,
      ),
      ...cables.map(({ far, port }) => `link set ${far} master ${port.segment} mtu ${port.mtu ?? MTU} up`),
    ],
  )
  await Promise.all(topology.hosts.map((host) => configure(labId, host)))
}

/** Ends all processes in the namespaces of a lab and removes the namespaces; what is gone already is no error. */
export async function removeNamespaces(labId: string): Promise<void> {
  const names = existingNamespaces(labId)
  const inside = await Promise.all(names.map(contents))
  await endProcesses(
    inside.flatMap(({ processes }) => processes),
    GRACE_MS,
  )
  await Promise.all(names.map((name) => run('ip', ['netns', 'delete', name]).catch(() => undefined)))
  // A userspace WireGuard that was killed could not remove its socket, and a later one would stumble over it.
  for (const link of inside.flatMap(({ links }) => links))
    rmSync(`${SOCKETS_FOLDER}/${link}.sock`, { force: true })
}

/** The namespaces of a lab that are there. */
export function existingNamespaces(labId: string): string[] {
  try {
    return readdirSync(NAMES_FOLDER).filter((name) => name.startsWith(namespaceOf(labId, '')))
  } catch {
    // No folder, or one for root only: then there are none of ours in it.
    return []
  }
}

async function contents(namespace: string): Promise<{ processes: ProcessId[]; links: string[] }> {
  const [pids, links] = await Promise.all([
    run('ip', ['netns', 'pids', namespace]).catch(() => ''),
    run('ip', ['-n', namespace, '-brief', 'link']).catch(() => ''),
  ])
  return {
    processes: words(pids).flatMap((pid) => findProcess(Number(pid)) ?? []),
    links: links.split('\n').flatMap((line) => words(line)[0] ?? []),
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean)
}
