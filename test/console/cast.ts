import type { NodeId } from '../../src/keys/identity.ts'
import type { NetworkId } from '../../src/model/names.ts'
import type { Place } from '../api/fixture.ts'
import { RawAgent } from '../rawagent.ts'

const PORT = 51_820

interface Part {
  readonly addresses: readonly string[]
  readonly labels?: Record<string, string>
  readonly relays?: readonly string[]
}

/** Agents that play: what they see of each other is what the test says. */
export class Cast implements Disposable {
  readonly #place: Place
  readonly #agents = new Map<string, RawAgent>()
  readonly #parts = new Map<string, Part>()
  readonly network: string
  id = '' as NetworkId

  constructor(place: Place, network: string) {
    this.#place = place
    this.network = network
  }

  async open(topology = 'mesh'): Promise<void> {
    const { body } = await this.#place.post('/v1/networks', { name: this.network, topology })
    this.id = body.id
  }

  async join(name: string, part: Part): Promise<void> {
    const { body } = await this.#place.post('/v1/tokens', {
      networks: [this.network],
      labels: part.labels ?? {},
    })
    const agent = await RawAgent.join(body.token, {
      name,
      url: `https://127.0.0.1:${this.#place.port}`,
      facts: this.#facts(part),
    })
    this.#agents.set(name, agent)
    this.#parts.set(name, part)
  }

  nodeOf(name: string): NodeId {
    const agent = this.#agents.get(name)
    if (!agent) throw new TypeError(`${name} has not joined`)
    return agent.node
  }

  /** Says which relays answer. */
  attach(name: string, relays: Readonly<Record<string, boolean>>): void {
    const part = this.#parts.get(name)
    if (!part) throw new TypeError(`${name} has not joined`)
    const seen = Object.entries(relays).map(([relay, alive]) => ({
      node: this.nodeOf(relay),
      alive,
      rtt: 12,
    }))
    this.#agents.get(name)?.report({ ...this.#facts(part), relays: seen })
  }

  /** Says that a handshake with `to` came through, from where, and what went over the link. */
  see(from: string, to: string, endpoint: string, { age = 5, rx = 4_000, tx = 3_000 } = {}): void {
    const peer = { node: this.nodeOf(to), endpoint, handshakeAge: age, rxBytes: rx, txBytes: tx }
    this.#agents.get(from)?.send({ type: 'report', network: this.id, peers: [peer], drift: [] })
  }

  /** Says that the latest plan is on the interface, with its digest. */
  apply(name: string): void {
    const agent = this.#agents.get(name)
    const view = agent?.view(this.id)
    if (!agent || !view) return
    const network = this.#place.controller.state.networks.get(this.id)
    agent.send({
      type: 'applied',
      network: this.id,
      epoch: this.#place.controller.state.epoch,
      revision: network?.revision ?? 0,
      digest: view.digest(),
      took: 3,
    })
  }

  leave(name: string): void {
    this.#agents.get(name)?.[Symbol.dispose]()
  }

  get names(): string[] {
    return [...this.#agents.keys()]
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent[Symbol.dispose]()
  }

  #facts({ addresses }: Part) {
    return { addresses: [...addresses], ports: [{ network: this.id, port: PORT }] }
  }
}

/** Where a node is reached through a relay, by its candidates. */
export async function relayedEndpoint(
  place: Place,
  network: string,
  from: string,
  to: string,
): Promise<string | undefined> {
  const { body } = await place.get(`/v1/networks/${network}/paths?from=${from}&to=${to}`)
  const way = body.directions[0].candidates.find(({ kind }: { kind: string }) => kind === 'relayed')
  return way?.endpoint ?? undefined
}
