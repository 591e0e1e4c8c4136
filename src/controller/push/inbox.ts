import type { Logger } from 'pino'
import { Histogram, type Registry } from 'prom-client'
import type { Clock } from '../../clock.ts'
import { WeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import type { AgentFrame, AgentFrameOf, PeerReport } from '../../protocol/frames.ts'
import { toNodeReport } from '../presence/facts.ts'
import type { Presence } from '../presence/presence.ts'
import type { Evidence } from './ahead.ts'
import type { Feeds } from './feeds.ts'
import { KeyOffers, type KeyOffersTools } from './key-offers.ts'
import { firstOf } from './remarks.ts'
import type { Session } from './session.ts'

export interface InboxTools {
  readonly clock: Clock
  readonly log: Logger
  readonly state: () => State
  readonly presence: Presence
  readonly feeds: Feeds
  /** Whether a connected node is a member of a network. */
  readonly isMember: (node: NodeId, network: NetworkId) => boolean
  /** Something became known about a node. */
  readonly onFacts: (node: NodeId) => void
  /** An agent says what it has as a relay. */
  readonly compareWitnesses: (node: NodeId, digest: string | undefined) => void
  /** An agent shows what our key signed: perhaps our log is not the one that it was told from. Throws when it shows nothing. */
  readonly onProof: (node: NodeId, proof: AgentFrameOf<'proof'>) => Evidence
  readonly metrics: Registry
  /** Certifies a key that a node derived for itself. */
  readonly certify: KeyOffersTools['certify']
}

/** What connected agents say. A node speaks for itself only: its id comes from the session, never from a frame. */
export class AgentInbox {
  readonly #tools: InboxTools
  readonly #took: Histogram
  readonly #keyOffers: KeyOffers

  constructor(tools: InboxTools) {
    this.#tools = tools
    this.#took = new Histogram({
      name: 'weft_agent_apply_seconds',
      help: 'Time that agents took to apply a revision to their interfaces.',
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [tools.metrics],
    })
    this.#keyOffers = new KeyOffers({
      ...tools,
      onRefused: ({ node }, network, code, reason) =>
        this.#update(node, network, { refused: { code, reason } }),
    })
  }

  /** Throws `protocol-error` for a frame that is out of place. */
  take(session: Session, frame: AgentFrame): void {
    const { presence, clock } = this.#tools
    presence.seen(session.node, clock.now())
    switch (frame.type) {
      case 'open':
      case 'hello':
        throw new WeftError('protocol-error', `A ${frame.type} frame came after the handshake.`)
      case 'facts':
        return this.#facts(session, frame)
      case 'key':
        return this.#key(session, frame)
      case 'resync':
        return session.hearing.asking.ask(frame.network, () =>
          session.resync(frame.network as NetworkId, frame.position),
        )
      case 'have':
        return this.#compare(session, frame)
      case 'proof':
        return this.#proof(session, frame)
      case 'applied':
        session.applied(frame)
        return this.#applied(session, frame)
      case 'refused':
        return this.#refused(session, frame)
      case 'report':
        return this.#report(session, frame)
      case 'witnessed':
        return this.#witnessed(session.node, frame)
    }
  }

  #facts(session: Session, { facts }: Pick<AgentFrameOf<'facts'>, 'facts'>): void {
    const { presence, clock, onFacts } = this.#tools
    const { node } = session
    const cameAt = clock.now()
    session.hearing.telling.ask('facts', () => {
      // It may have a newer session meanwhile, in which it said something newer.
      if (session.isOver) return
      presence.report(node, toNodeReport(facts, presence.get(node)?.report.seenFrom, cameAt))
      onFacts(node)
    })
  }

  #compare(session: Session, frame: AgentFrameOf<'have'>): void {
    this.#facts(session, frame)
    session.hearing.asking.ask('all', () => {
      if (session.isOver) return
      session.resume(frame.networks)
      this.#tools.compareWitnesses(session.node, frame.witnesses)
    })
  }

  /** To verify it costs more than to send it: it has its turn, like its answer. What cannot be kept till then is asked for again. */
  #proof(session: Session, frame: AgentFrameOf<'proof'>): void {
    const answer = () => {
      try {
        session.shown(this.#tools.onProof(session.node, frame))
      } catch (error) {
        session.hearing.refuse(error)
      }
    }
    const instead = () => session.send({ type: 'prove', network: frame.network })
    session.hearing.showing.ask(`${frame.network} ${frame.kind}`, answer, {
      kept: frame.body.length,
      instead,
    })
  }

  /** One that nobody asked for, or that was offered before, is of another time, or means nothing. */
  #key(session: Session, frame: AgentFrameOf<'key'>): void {
    if (!session.takesKey(frame.network as NetworkId, frame.keyVersion)) return
    session.hearing.offering.ask(frame.network, () => this.#keyOffers.take(session, frame))
  }

  /** An agent that does not say which own record it has is taken to have the one that it was sent before. */
  #applied(session: Session, { type: _, took, ...position }: AgentFrameOf<'applied'>): void {
    this.#took.observe(took / 1_000)
    const { network, epoch, revision, digest } = position
    const self = position.self ?? session.ownRevision(network as NetworkId)
    this.#update(session.node, network, {
      applied: { network, epoch, revision, digest, self },
      took,
      refused: undefined,
    })
  }

  #refused({ node, hearing }: Session, { network, code, reason }: AgentFrameOf<'refused'>): void {
    // It has something newer: a late frame, or a log that went back, which it proves.
    if (code === 'stale-revision') return
    hearing.remarks.warn(this.#tools.log, { node, network, code, reason }, 'agent could not apply')
    this.#update(node, network, { refused: { code, reason } })
  }

  #report({ node, hearing }: Session, frame: AgentFrameOf<'report'>): void {
    const { presence, clock, log } = this.#tools
    const network = frame.network as NetworkId
    if (frame.drift.length > 0)
      hearing.remarks.warn(log, { node, network, ...firstOf(frame.drift) }, 'agent repaired its interface')
    const members = this.#tools.state().networks.get(network)?.members
    if (!members?.has(node)) return
    const isMember = (id: NodeId) => members.has(id)
    const peers = frame.peers.filter((peer) => isMember(peer.node as NodeId))
    const known = presence.standing(node, network)
    const drift = frame.drift.length > 0 ? frame.drift : known.drift
    const lastHandshakeAt = latestHandshake(frame.peers, clock.now(), known.lastHandshakeAt)
    const change = { drift, reportedAt: clock.now(), ...lastHandshakeAt }
    presence.reported(node, network, peers, change, isMember)
  }

  /** Only a relay may say where others are, and only of members. */
  #witnessed(relay: NodeId, { seen }: AgentFrameOf<'witnessed'>): void {
    const { presence, state, feeds } = this.#tools
    if (!state().nodes.get(relay)?.roles.includes('relay')) {
      throw new WeftError('protocol-error', 'Only a relay can be a witness.')
    }
    for (const { network, node, endpoint } of seen) {
      const [id, member] = [network as NetworkId, node as NodeId]
      if (!state().networks.get(id)?.members.has(member)) continue
      if (presence.testimony.take(relay, { network: id, node: member }, endpoint)) feeds.onFacts(member, id)
    }
  }

  #update(node: NodeId, network: string, change: Parameters<Presence['update']>[2]): void {
    const id = network as NetworkId
    if (this.#tools.isMember(node, id)) this.#tools.presence.update(node, id, change)
  }
}

function latestHandshake(peers: readonly PeerReport[], now: number, known: number | undefined) {
  const ages = peers.map(({ handshakeAge }) => handshakeAge).filter((age) => age !== undefined)
  const fresh = ages.reduce((least, age) => Math.min(least, age), Number.POSITIVE_INFINITY)
  const lastHandshakeAt = Math.max(known ?? Number.NEGATIVE_INFINITY, now - fresh * 1_000)
  return Number.isFinite(lastHandshakeAt) ? { lastHandshakeAt } : {}
}
