import { WeftError } from '../errors.ts'
import { createHost, type Host } from './host.ts'
import { createNamespaces, removeNamespaces } from './namespaces.ts'
import { endProcesses } from './process.ts'
import { createRunDir, deadRunDirs, type RunDir, recordedProcesses, removeRunDir } from './rundir.ts'
import type { Topology } from './topology.ts'
import { Underlay } from './underlay.ts'

/** Machines that run real programs on a network that nobody else sees. */
export interface Lab extends AsyncDisposable {
  readonly id: string
  /** Folder of all its data and logs; it goes with the lab. */
  readonly dir: string
  readonly hosts: readonly Host[]
  /** Its cables and routers, to be broken and mended. */
  readonly underlay: Underlay
  /** The host of this name. Throws `not-found`. */
  host(name: string): Host
}

export interface LabOptions {
  /** 1 to 12 characters of a-z and 0-9; no two labs of a machine share one. */
  readonly id: string
  /** False where namespaces cannot be made: the hosts then share the network of this process, and no packets flow. */
  readonly isolated: boolean
}

/** Time for programs to end by themselves, in ms. */
const GRACE_MS = 3_000

/**
 * Builds a lab, after removing what labs of killed owners left behind. It is gone, with all its processes, when it is
 * disposed of. Rejects with `program-failed` without root, `unsupported` when ip(8) is missing.
 */
export async function buildLab(topology: Topology, { id, isolated }: LabOptions): Promise<Lab> {
  await removeDeadLabs()
  const runDir = createRunDir(id)
  try {
    if (isolated) await createNamespaces(id, topology)
  } catch (error) {
    await removeLab(runDir)
    throw error
  }
  const hosts = topology.hosts.map((plan) => createHost(plan, runDir, isolated))
  return {
    id,
    dir: runDir.path,
    hosts,
    underlay: new Underlay(id, topology, isolated),
    host: (name) => findHost(hosts, name),
    [Symbol.asyncDispose]: () => removeLab(runDir),
  }
}

/** Removes what is left of labs whose owner was killed; gives their ids. */
export async function removeDeadLabs(): Promise<string[]> {
  const dead = deadRunDirs()
  await Promise.all(dead.map(removeLab))
  return dead.map(({ id }) => id)
}

/** Processes first, then namespaces, and the folder last, for it is what a second try would find them by. */
async function removeLab(runDir: RunDir): Promise<void> {
  await endProcesses(recordedProcesses(runDir), GRACE_MS)
  await removeNamespaces(runDir.id)
  removeRunDir(runDir)
}

function findHost(hosts: readonly Host[], name: string): Host {
  const host = hosts.find((one) => one.name === name)
  if (!host) throw new WeftError('not-found', `This lab has no host ${name}.`)
  return host
}
