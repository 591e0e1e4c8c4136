import { createNamespaces, removeNamespaces } from '../../src/lab/namespaces.ts'
import type { Topology } from '../../src/lab/topology.ts'
import { ip, namespaceOf, switchOf } from '../../src/lab/wiring.ts'
import type { Machine } from './server.ts'

/** What `Machines` needs; undefined when it is there. */
export function whyNoMachines(): string | false {
  return process.getuid?.() === 0 ? false : 'needs root, for network namespaces'
}

/** Where the cables of all are, and of those that a split takes from them. */
const [SEGMENT, ASIDE] = ['together', 'aside'] as const

/** Machines as network namespaces, on one Ethernet that can be split in two. */
export class Machines implements AsyncDisposable {
  readonly names: readonly string[]
  readonly #id: string

  private constructor(id: string, names: readonly string[]) {
    this.#id = id
    this.names = names
  }

  static async create(names: readonly string[]): Promise<Machines> {
    const id = process.pid.toString(36)
    const topology: Topology = {
      name: 'machines',
      segments: [{ name: SEGMENT }, { name: ASIDE }],
      hosts: names.map((name, at) => ({ name, ports: [{ segment: SEGMENT, addresses: [placeOf(at)] }] })),
    }
    const machines = new Machines(id, names)
    try {
      await createNamespaces(id, topology)
      return machines
    } catch (error) {
      await machines[Symbol.asyncDispose]()
      throw error
    }
  }

  at(name: string): Machine {
    const address = placeOf(this.names.indexOf(name)).replace(/\/.*/, '')
    return { address, namespace: namespaceOf(this.#id, name) }
  }

  /** From now on these reach each other, and the others each other; nobody is told. */
  async split(apart: readonly string[]): Promise<void> {
    await this.#lay(apart, ASIDE)
  }

  async heal(): Promise<void> {
    await this.#lay(this.names, SEGMENT)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeNamespaces(this.#id)
  }

  async #lay(names: readonly string[], segment: string): Promise<void> {
    await ip(
      ['-n', switchOf(this.#id)],
      names.map((name) => `link set ${name}.0 master ${segment}`),
    )
  }
}

/** Of the range that is kept for benchmarks (RFC 2544). */
function placeOf(index: number): string {
  return `198.18.7.${index + 1}/24`
}

/** All ways to split `names` in two: each by the part that the last one is not in. */
export function splitsOf(names: readonly string[]): string[][] {
  const free = names.slice(0, -1)
  return Array.from({ length: 2 ** free.length - 1 }, (_, number) =>
    free.filter((_, at) => ((number + 1) >> at) & 1),
  )
}
