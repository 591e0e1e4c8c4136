import { WeftError } from '../errors.ts'
import { cutRules, rulesOf } from './firewall.ts'
import { addressesOf } from './internet.ts'
import type { HostPlan, Nat, Port, Topology } from './topology.ts'
import { configure, ip, namespaceOf, setPorts, setRules, switchOf } from './wiring.ts'

/**
 * What carries the packets of a lab, and what can befall it while daemons run. Every call rejects with `not-found` for a
 * host that is not there, and with `unsupported` in a lab without isolation.
 */
export class Underlay {
  readonly #id: string
  readonly #isolated: boolean
  /** As they are now. */
  readonly #hosts: Map<string, HostPlan>
  /** Pairs of addresses between which the Internet carries nothing. */
  #cuts: readonly (readonly [string, string])[] = []

  constructor(id: string, { hosts }: Topology, isolated: boolean) {
    this.#id = id
    this.#isolated = isolated
    this.#hosts = new Map(hosts.map((host) => [host.name, host]))
  }

  /** Pulls all cables of a host at their far end; it keeps its addresses and routes, as a machine does. */
  async unplug(name: string): Promise<void> {
    await ip(['-n', switchOf(this.#id)], this.#cables(name, 'down'))
  }

  /** Undoes `unplug`. */
  async plug(name: string): Promise<void> {
    await ip(['-n', switchOf(this.#id)], this.#cables(name, 'up'))
  }

  /**
   * Puts the first cable of a host elsewhere, and gives it the addresses it has there instead of its own: another segment,
   * or the same with other addresses. The mappings of a router go with its address.
   */
  async move(name: string, port: Port): Promise<void> {
    const host = this.#find(name)
    const namespace = namespaceOf(this.#id, name)
    await ip(['-n', namespace], ['link set eth0 down', 'address flush dev eth0'])
    await ip(['-n', switchOf(this.#id)], [`link set ${name}.0 master ${port.segment}`])
    await setPorts(namespace, [port])
    this.#hosts.set(name, { ...host, ports: host.ports.with(0, port) })
  }

  /** Makes a home router translate in another way, as a new one in its place would: what it knew is forgotten. */
  async setNat(name: string, nat: Exclude<Nat, 'none'>): Promise<void> {
    const host = this.#find(name)
    const router = { ...host.router, nat }
    await setRules(namespaceOf(this.#id, name), rulesOf(router))
    this.#hosts.set(name, { ...host, router })
    await this.reboot(name)
  }

  /**
   * A router forgets its mappings, and all of its ports are down for a moment. The kernel forgets what it has masqueraded
   * when the port goes down.
   */
  async reboot(name: string): Promise<void> {
    const host = this.#find(name)
    const down = host.ports.map((_, index) => `link set eth${index} down`)
    await ip(['-n', namespaceOf(this.#id, name)], down)
    await configure(this.#id, host)
  }

  /** From now on the Internet carries nothing between two hosts that have public addresses: members or home routers. */
  async cut(one: string, other: string): Promise<void> {
    await this.#setCuts([...this.#cuts, ...this.#pairs(one, other)])
  }

  /** Undoes all of `cut`. */
  async mend(): Promise<void> {
    await this.#setCuts([])
  }

  async #setCuts(cuts: readonly (readonly [string, string])[]): Promise<void> {
    this.#find('internet')
    await setRules(namespaceOf(this.#id, 'internet'), cutRules(cuts))
    this.#cuts = cuts
  }

  /** Both directions of every family that the two have in common. */
  #pairs(one: string, other: string): (readonly [string, string])[] {
    const [from, to] = [one, other].map((name) => this.#find(name).ports.slice(0, 1).flatMap(addressesOf))
    return (from ?? []).flatMap((a) =>
      (to ?? [])
        .filter((b) => a.includes(':') === b.includes(':'))
        .flatMap((b) => [[a, b] as const, [b, a] as const]),
    )
  }

  #cables(name: string, state: 'up' | 'down'): string[] {
    return this.#find(name).ports.map((_, index) => `link set ${name}.${index} ${state}`)
  }

  #find(name: string): HostPlan {
    if (!this.#isolated)
      throw new WeftError('unsupported', 'This lab has no network of its own to change.', {
        advice: 'Run as root.',
      })
    const host = this.#hosts.get(name)
    if (!host) throw new WeftError('not-found', `This lab has no host ${name}.`)
    return host
  }
}
