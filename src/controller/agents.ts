import { Admission, type AdmissionTools } from './admission.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Notebook } from './ledger/notebook.ts'
import type { Meters } from './meters.ts'
import { Presence } from './presence/presence.ts'
import { type Board, Sharing } from './presence/sharing.ts'
import { Bounds } from './push/bounds.ts'
import { Door, type DoorTools } from './push/door.ts'
import { Feeds } from './push/feeds.ts'
import { Fleet, type FleetTools } from './push/fleet.ts'
import { AgentInbox, type InboxTools } from './push/inbox.ts'
import { Lag } from './push/lag.ts'

export interface AgentsTools
  extends Pick<FleetTools, 'clock' | 'log' | 'settings' | 'signing' | 'state'>,
    Pick<DoorTools, 'random'>,
    Pick<AdmissionTools, 'change'>,
    Pick<InboxTools, 'metrics'> {
  readonly ledger: Ledger
  readonly meters: Meters
  readonly notes: Notebook
  /** What replicas tell each other; undefined where there is one controller. */
  readonly board: Board | undefined
}

/** What serves agents. */
export interface Agents {
  readonly presence: Presence
  readonly feeds: Feeds
  readonly fleet: Fleet
  readonly door: Door
}

/** Puts together what serves agents: each part hears of the others only what it has to do with them. */
export function openAgents(tools: AgentsTools): Agents {
  const { ledger, meters, notes, board, state, signing, metrics, clock } = tools
  const presence = new Presence(notes)
  presence.recall((node) => state().nodes.has(node))
  const bounds = new Bounds(clock)
  const common = { ...tools, presence, bounds, catchUp: () => ledger.catchUp(), sent: meters.sent }
  const feeds = new Feeds({ ...common, recent: ledger.recent, count: (what) => meters[what].inc() })
  const admission = new Admission({ ...common, controllerKey: signing.publicKey })
  const inbox: AgentInbox = new AgentInbox({
    ...common,
    feeds,
    isMember: (...place) => fleet.isMember(...place),
    onFacts: (node) => fleet.onFacts(node),
    compareWitnesses: (...had) => fleet.compareWitnesses(...had),
    certify: (node, offer) => admission.certify(node, presence.get(node)?.report.seenFrom, offer),
    onProof: (...proof) => admission.takeProof(...proof),
  })
  const fleet: Fleet = new Fleet({
    ...common,
    feeds,
    inbox,
    onArrived: (node) => sharing?.arrived(node),
    onPushed: (network) => sharing?.pushed(network),
    onDrained: (node) => sharing?.drained(node),
    lag: new Lag(metrics, () => clock.monotonic()),
  })
  const door = new Door({
    ...common,
    admit: (...agent) => admission.admit(...agent),
    welcome: (...agent) => fleet.welcome(...agent),
  })
  const sharing = board && share(board, { presence, feeds, fleet, clock })
  return { presence, feeds, fleet, door }
}

function share(
  board: Board,
  { presence, feeds, fleet, clock }: Omit<Agents, 'door'> & Pick<AgentsTools, 'clock'>,
): Sharing {
  return new Sharing({
    board,
    presence,
    clock,
    isHere: (node) => fleet.has(node),
    hasAnswered: (node, network) => {
      const feed = feeds.peek(network, node)
      return feed !== undefined && fleet.hasAnswered(node, network, feed)
    },
    unanswered: (network) => fleet.unanswered(network),
    inTurns: (steps) => feeds.turns.leave(steps),
    replaced: (node) => fleet.replaced(node),
    onFacts: (node) => fleet.onFacts(node),
  })
}
