import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { NodeId } from '../keys/identity.ts'
import type { PeerReport } from '../protocol/frames.ts'
import { ways } from '../topology/candidates.ts'
import { worthTrying } from '../topology/lan.ts'
import { observedPath } from '../topology/observed.ts'
import type { Peering } from '../topology/peerlists.ts'
import type { InterfaceName } from '../wireguard/device.ts'
import type { Source } from '../wireguard/filter-ruleset.ts'
import type { NetworkPlan } from '../wireguard/plan.ts'
import { everyStep } from './every-step.ts'
import { FilterKeeper, sourcesOf } from './filter.ts'
import { Gatekeeper } from './gateway.ts'
import type { Guide, Sightings } from './guide.ts'
import { knock } from './knock.ts'
import { Pathfinder, type Step } from './pathfinder.ts'
import { PeerBook } from './peer-book.ts'
import { memberPlan, peeringsOf, peerOf } from './plan.ts'
import type { Replica } from './replica.ts'
import type { Surroundings } from './surroundings.ts'

export interface MemberGuideTools {
  readonly own: NodeId
  readonly interface: InterfaceName
  readonly clock: Clock
  readonly log: Logger
  readonly surroundings: Surroundings
  /** Whether packets flow: an interface in memory shakes no hands, so nothing can be found out. */
  readonly isReal: boolean
}

/** What the candidates of a peer were made of; the same objects give the same candidates. */
type Ingredients = readonly unknown[]

/** Leads the interface of a network: for each peer the best path that works. */
export class MemberGuide implements Guide {
  readonly #replica: Replica
  readonly #tools: MemberGuideTools
  readonly #pathfinder: Pathfinder
  readonly #offered = new Map<NodeId, Ingredients>()
  readonly #book = new PeerBook()
  /** Members that travel by a relay, and by which. */
  readonly #vias = new Map<NodeId, NodeId>()
  /** Peers whose choice is another than in the last plan. */
  readonly #rechosen = new Set<NodeId>()
  /** What concerns every peer, as it was in the last plan. */
  #common: Ingredients = []
  readonly #gate = new Gatekeeper()
  readonly #filter: FilterKeeper
  /** What the last plan wants to be let in. */
  #sources: readonly Source[] | undefined
  #knocks: readonly NodeId[] = []
  nextLook: number | undefined

  constructor(replica: Replica, tools: MemberGuideTools) {
    this.#replica = replica
    this.#tools = tools
    this.#filter = new FilterKeeper(tools.interface)
    this.#pathfinder = new Pathfinder({
      own: tools.own,
      classify: (peer, endpoint) =>
        observedPath(endpoint, replica.reachOf(tools.own), replica.reachOf(peer), this.#transitFacts()),
    })
  }

  plan(sightings?: Sightings): NetworkPlan | undefined {
    if (!this.#replica.position()) return undefined
    const touched = this.#takeTouched()
    this.#pathfinder.setDeadRelays(this.#tools.surroundings.deadRelays)
    if (touched) this.#takeSome(touched, sightings)
    else this.#takeAll(sightings)
    return memberPlan(this.#replica, this.#book, this.#tools.surroundings.transit)
  }

  async prepare(isBare: boolean): Promise<void> {
    if (this.#tools.isReal) await this.#filter.prepare(this.#sources, isBare)
  }

  async applied(name: InterfaceName): Promise<void> {
    this.#book.settle()
    if (!this.#tools.isReal) return
    await this.#filter.settle(this.#sources)
    if (this.#carries()) await this.#gate.keep({ interface: name, forward: true, input: 'open' })
    else await this.#gate.open(name)
    const nodes = this.#knocks
    this.#knocks = []
    await knock(
      nodes.map((node) => this.#replica.recordOf(node)?.ipv4).filter((address) => address !== undefined),
    )
  }

  look(sightings: Sightings): boolean {
    return this.#follow(sightings).changed.size > 0 || this.#knocks.length > 0
  }

  get relaysInUse(): readonly NodeId[] {
    return [...new Set(this.#vias.values())]
  }

  describe(node: NodeId): Partial<PeerReport> {
    const choice = this.#pathfinder.choice(node)
    if (!choice || choice.kind === 'none') return {}
    const { kind: path, via, confirmed } = choice
    return { path, confirmed, ...(via && { via }) }
  }

  moved(lost: boolean): void {
    this.#pathfinder.renew({ lost })
  }

  /** It tells the controller nothing by itself. */
  reconnected(): void {}

  async inspect(): Promise<readonly string[]> {
    return this.#tools.isReal ? this.#filter.inspect() : []
  }

  async leave(name: InterfaceName): Promise<void> {
    await everyStep(
      async () => (this.#tools.isReal ? this.#filter.leave() : undefined),
      () => this.#gate.open(name),
    )
  }

  /** The members of whom something is new since the last plan; undefined when that may be all. */
  #takeTouched(): ReadonlySet<NodeId> | undefined {
    const touched = this.#replica.takeTouched()
    const { content } = this.#replica
    const { relays, transit, addresses } = this.#tools.surroundings
    const reach = this.#replica.reachOf(this.#tools.own)
    const common = [content, this.#replica.filter, reach, relays, transit, addresses]
    const isSame = common.every((one, at) => one === this.#common[at])
    this.#common = common
    // Elsewhere a member may become the peer of others, or carry for them.
    return isSame && content?.topology === 'mesh' ? touched : undefined
  }

  #takeAll(sightings: Sightings | undefined): void {
    const peerings = peeringsOf(this.#replica)
    this.#sources = sourcesOf(this.#replica)
    const gone = new Set(this.#offered.keys())
    for (const { node } of peerings) {
      gone.delete(node)
      this.#offer(node)
    }
    for (const node of gone) this.#forget(node)
    this.#follow(sightings)
    this.#rechosen.clear()
    this.#vias.clear()
    this.#book.clear()
    for (const peering of peerings) this.#plan(peering)
  }

  /** The same at the cost of those members. */
  #takeSome(touched: ReadonlySet<NodeId>, sightings: Sightings | undefined): void {
    const { replica, own } = { replica: this.#replica, own: this.#tools.own }
    if (touched.size > 0) this.#sources = sourcesOf(replica)
    for (const node of touched) {
      if (replica.recordOf(node) && node !== own) this.#offer(node)
      else this.#forget(node)
    }
    this.#follow(sightings)
    for (const node of new Set([...touched, ...this.#rechosen])) this.#plan({ node, carries: [node] })
    this.#rechosen.clear()
  }

  /** Offers the pathfinder what is new of a peer: of most nothing is. */
  #offer(node: NodeId): void {
    const reach = this.#replica.reachOf(this.#tools.own)
    const { relays, transitPrefix } = this.#transitFacts()
    const [other, lan] = [this.#replica.reachOf(node), this.#replica.lanOf(node)]
    const { addresses } = this.#tools.surroundings
    const ingredients = [reach, other, lan, relays, transitPrefix, lan.length > 0 && addresses]
    const before = this.#offered.get(node)
    if (before && ingredients.every((one, at) => one === before[at])) return
    this.#offered.set(node, ingredients)
    const near = worthTrying(lan, addresses)
    this.#pathfinder.offer(node, ways(reach, other, { lan: near, relays, transitPrefix }))
  }

  #forget(node: NodeId): void {
    this.#offered.delete(node)
    this.#pathfinder.forget(node)
  }

  #plan(peering: Peering): void {
    const { node } = peering
    const choice = this.#pathfinder.choice(node)
    const isPeer = this.#offered.has(node)
    this.#book.put(node, isPeer ? peerOf(this.#replica, peering, choice) : undefined)
    if (isPeer && choice?.via) this.#vias.set(node, choice.via)
    else this.#vias.delete(node)
  }

  #follow(sightings: Sightings = new Map()): Step {
    const { clock, isReal, log } = this.#tools
    const offered = sightings.size > 0 ? [...this.#offered.keys()] : []
    const seen = offered.flatMap((node) => {
      const record = this.#replica.recordOf(node)
      const sighting = record && sightings.get(record.publicKey)
      return sighting ? [[node, sighting] as const] : []
    })
    const step = this.#pathfinder.look({ now: clock.monotonic(), utc: clock.now() }, seen)
    // An interface in memory has nobody to knock for: knocks that stay due would ask for a plan at each look.
    if (isReal) this.#knocks = [...new Set([...this.#knocks, ...step.knocks])]
    for (const peer of step.changed.keys()) this.#rechosen.add(peer)
    for (const [peer, { kind, via, endpoint, confirmed }] of step.changed)
      log.debug({ peer, kind, via, endpoint, confirmed }, confirmed ? 'path works' : 'path is tried')
    this.nextLook = isReal ? step.next : undefined
    return step
  }

  /** Whether this member passes packets from one peer to another. */
  #carries(): boolean {
    const { topology, record } = this.#replica.content ?? {}
    return (
      (topology === 'hub' && record?.roles.includes('hub') === true) ||
      (topology === 'sites' && record?.roles.includes('gateway') === true)
    )
  }

  #transitFacts() {
    const { relays, transit } = this.#tools.surroundings
    return { relays, transitPrefix: transit?.prefix }
  }
}
