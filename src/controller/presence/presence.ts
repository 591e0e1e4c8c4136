import type { ErrorCode } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { AppliedPosition, PeerReport } from '../../protocol/frames.ts'
import type { Notebook } from '../ledger/notebook.ts'
import { type NodeReport, parseReport, reportText } from './facts.ts'
import { PeerReports } from './peer-reports.ts'
import { Testimony } from './testimony.ts'

/** What an agent last said of its place in one network. */
export interface Standing {
  /** What the agent has on its interface. */
  readonly applied?: AppliedPosition
  /** Milliseconds it took. */
  readonly took?: number
  /** The last refusal, until something is applied again. */
  readonly refused?: { readonly code: ErrorCode; readonly reason: string } | undefined
  readonly peers: ReadonlyMap<NodeId, PeerReport>
  /** The latest handshake with any peer, milliseconds since 1970. */
  readonly lastHandshakeAt?: number
  /** When `peers` was reported, milliseconds since 1970. */
  readonly reportedAt?: number
  readonly drift: readonly string[]
}

export interface NodePresence {
  readonly online: boolean
  /** Milliseconds since 1970; undefined while it was not seen by this process. */
  readonly lastSeenAt: number | undefined
  readonly report: NodeReport
  /** When its last sessions took the place of others that were still there, milliseconds since 1970. */
  readonly takenOverAt?: readonly number[]
  readonly standings: ReadonlyMap<NetworkId, Standing>
}

/** When it was last seen changes all the time. */
type Held = Omit<NodePresence, 'lastSeenAt'> & { lastSeenAt: NodePresence['lastSeenAt'] }

/** What became known of a node. */
export interface PresenceNews {
  readonly node: NodeId
  /** Where, if it is about one network. */
  readonly network: NetworkId | undefined
  /** Of which peers it reported something new; undefined: it is about the node itself. */
  readonly peers: readonly NodeId[] | undefined
}

/** What of it outlives the process (notebook.ts). */
type Notes = Pick<Notebook, 'put' | 'delete' | 'all'>

const NO_NOTES: Notes = Object.freeze({ put: () => undefined, delete: () => undefined, all: () => [] })

/** As many as show that two machines take turns (`troublesOf`). */
const TURNS_KEPT = 4

const NO_STANDINGS: ReadonlyMap<NetworkId, Standing> = new Map()
const NOTHING: Standing = Object.freeze({ peers: new Map(), drift: [] })

/**
 * Who is connected, and what was observed: short-lived, never in the log. Where nodes were is noted, so that a controller
 * that starts again finds the same and has nothing to tell; all else is empty after a restart.
 */
export class Presence {
  /** What relays say of members. */
  readonly testimony: Testimony
  readonly #notes: Notes
  readonly #nodes = new Map<NodeId, Held>()
  readonly #peerReports = new PeerReports()
  readonly #listeners: ((news: PresenceNews) => void)[] = []
  #onChange: (node: NodeId) => void = () => undefined

  constructor(notes: Notes = NO_NOTES) {
    this.#notes = notes
    this.testimony = new Testimony(notes, (node) => this.get(node)?.online === true)
  }

  /** Takes up what was noted of nodes that are still known. */
  recall(isKnown: (node: NodeId) => boolean): void {
    for (const [node, text] of this.#notes.all('report')) {
      const report = parseReport(text)
      if (!report || !isKnown(node as NodeId)) this.#notes.delete('report', node)
      else
        this.#nodes.set(node as NodeId, {
          online: false,
          lastSeenAt: undefined,
          report,
          standings: new Map(),
        })
    }
    this.testimony.recall(isKnown)
  }

  /** Calls `listener` whenever a node comes, goes, or says something of its place in a network. */
  onNews(listener: (news: PresenceNews) => void): void {
    this.#listeners.push(listener)
  }

  /** Calls `listener` after each change of what is known of a node, except that it was seen. */
  onChange(listener: (node: NodeId) => void): void {
    this.#onChange = listener
  }

  /** Takes over what another replica knows of a node that is connected there. */
  adopt(node: NodeId, presence: NodePresence): void {
    const before = this.#nodes.get(node)
    const report = likeBefore(presence.report, before?.report)
    this.#nodes.set(node, { takenOverAt: before?.takenOverAt ?? [], ...presence, report })
    if (!before?.online) this.#tell({ node, network: undefined, peers: undefined })
    for (const [network, { peers }] of presence.standings) {
      const known = before?.standings.get(network)?.peers ?? new Map()
      this.#tell({
        node,
        network,
        peers: [...peers].flatMap(([id, peer]) => (isSame(known.get(id), peer) ? [] : [id])),
      })
    }
  }

  get(node: NodeId): NodePresence | undefined {
    return this.#nodes.get(node)
  }

  standing(node: NodeId, network: NetworkId): Standing {
    return this.#nodes.get(node)?.standings.get(network) ?? NOTHING
  }

  /** A session has begun. What the agent said in another of what it has counts no more: it may come back with nothing. */
  arrived(node: NodeId, now: number, said: NodeReport): void {
    const { online = false, standings = NO_STANDINGS, takenOverAt = [] } = this.#nodes.get(node) ?? {}
    const report = this.#note(node, said)
    const turns = online ? [...takenOverAt, now].slice(-TURNS_KEPT) : takenOverAt
    const kept = { standings: unanswered(standings), takenOverAt: turns }
    this.#nodes.set(node, { online: true, lastSeenAt: now, report, ...kept })
    this.#onChange(node)
    this.#tell({ node, network: undefined, peers: undefined })
  }

  /** At every frame, so nothing is made anew. */
  seen(node: NodeId, now: number): void {
    const known = this.#nodes.get(node)
    if (known) known.lastSeenAt = now
  }

  report(node: NodeId, said: NodeReport): void {
    this.#change(node, { report: this.#note(node, said) })
    this.#onChange(node)
    this.#tell({ node, network: undefined, peers: undefined })
  }

  left(node: NodeId, now: number): void {
    this.#change(node, { online: false, lastSeenAt: now })
    this.#onChange(node)
    this.#tell({ node, network: undefined, peers: undefined })
  }

  forget(node: NodeId): void {
    this.#notes.delete('report', node)
    this.#nodes.delete(node)
    this.#onChange(node)
  }

  /** Puts `change` over what was known of the node's place in the network. */
  update(node: NodeId, network: NetworkId, change: Omit<Partial<Standing>, 'peers'>): void {
    this.#put({ node, network, peers: undefined }, change)
  }

  /** What a member has on its interface; `peers` are those of whom it says something new. */
  reported(
    node: NodeId,
    network: NetworkId,
    peers: readonly PeerReport[],
    change: Omit<Partial<Standing>, 'peers'>,
    isMember: (node: NodeId) => boolean,
  ): void {
    const all = this.#peerReports.add(network, this.standing(node, network).peers, peers, isMember)
    const news = { node, network, peers: peers.map((peer) => peer.node as NodeId) }
    this.#put(news, { ...change, peers: all })
  }

  #put(news: PresenceNews & { readonly network: NetworkId }, change: Partial<Standing>): void {
    const { node, network } = news
    const known = this.#nodes.get(node)
    if (!known) return
    const standings = new Map(known.standings)
    standings.set(network, { ...(known.standings.get(network) ?? NOTHING), ...change })
    this.#change(node, { standings })
    this.#onChange(node)
    this.#tell(news)
  }

  forgetMember(node: NodeId, network: NetworkId): void {
    this.#peerReports.removed(network)
    this.testimony.forget(network, node)
    const known = this.#nodes.get(node)
    if (!known?.standings.has(network)) return
    const standings = new Map(known.standings)
    standings.delete(network)
    this.#change(node, { standings })
  }

  onlineCount(): number {
    return [...this.#nodes.values()].filter(({ online }) => online).length
  }

  /** Gives it as it is to be kept. */
  #note(node: NodeId, report: NodeReport): NodeReport {
    const text = reportText(report)
    const known = this.#nodes.get(node)?.report
    if (!known || reportText(known) !== text) this.#notes.put('report', node, text)
    return likeBefore(report, known)
  }

  #change(node: NodeId, change: Partial<NodePresence>): void {
    const known = this.#nodes.get(node)
    if (known) this.#nodes.set(node, { ...known, ...change })
  }

  #tell(news: PresenceNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}

/** With the list of addresses of before where it says the same: what was once read of a list is known of that one (hosts.ts). */
function likeBefore(report: NodeReport, before: NodeReport | undefined): NodeReport {
  const known = before?.addresses ?? []
  const isSame =
    known.length === report.addresses.length && known.every((one, at) => one === report.addresses[at])
  return isSame ? { ...report, addresses: known } : report
}

function unanswered(standings: ReadonlyMap<NetworkId, Standing>): ReadonlyMap<NetworkId, Standing> {
  if (standings.size === 0) return standings
  return new Map([...standings].map(([id, { applied: _, refused: __, ...rest }]) => [id, rest]))
}

function isSame(one: PeerReport | undefined, other: PeerReport): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other)
}
