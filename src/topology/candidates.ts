import type { Cidr } from '../address/cidr.ts'
import type { Family } from '../address/number.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { endpointFamily } from './endpoint.ts'
import { linkMtu, relayedMtu } from './mtu.ts'
import type { Candidate, Candidates, PathKind, Reach, Rejection, RelayView } from './reach.ts'
import { type Caller, notDirect, notOnLan, notPunched, notRelayed, reserve } from './reasons.ts'
import { relaysFor } from './relays.ts'
import { relayedEndpoint } from './transit.ts'

/** What one end knows beside the two reaches. */
export interface PathContext {
  /** Where the other is on a LAN of this end: `lanEndpoints`. */
  readonly lan: readonly Endpoint[]
  /** Every relay of the transit, as this end sees it. */
  readonly relays: readonly RelayView[]
  /** The /48 of the transit; undefined while there is none. */
  readonly transitPrefix: Cidr | undefined
  /** What to call nodes in reasons; as `this node` and `the other node`, and relays by their ids, when absent. */
  readonly nameOf?: (node: NodeId) => string
}

/** Seconds: shorter than any translation forgets UDP (RFC 4787 section 4.3 asks for two minutes, many give 30 s). */
const KEEPALIVE = 25

/** Best first. */
const KINDS = ['lan', 'direct', 'punched', 'relayed'] as const satisfies readonly PathKind[]

/** Candidates of one kind, or why there are none; said only to who asks, for it costs more than all the rest. */
type Finding = readonly Candidate[] | (() => string)

/**
 * The ways in which `own` may reach `other`, best first. Both ends come to the same kinds when they know the same, though
 * one may have to wait where the other sends.
 */
export function ways(own: Reach, other: Reach, context: PathContext): readonly Candidate[] {
  const call = callerFor(own, other, context)
  return KINDS.flatMap((kind) => {
    const found = finders[kind](own, other, context, call)
    return typeof found === 'function' ? [] : found
  })
}

/** `ways`, and for each kind that is not the first among them the reason. */
export function candidates(own: Reach, other: Reach, context: PathContext): Candidates {
  const taken: Candidate[] = []
  const rejected: Rejection[] = []
  const call = callerFor(own, other, context)
  for (const kind of KINDS) {
    const found: Finding = finders[kind](own, other, context, call)
    const [first] = taken
    if (typeof found === 'function') rejected.push({ kind, reason: found() })
    else if (first) rejected.push({ kind, reason: reserve(first.kind) })
    if (typeof found !== 'function') taken.push(...found)
  }
  return { taken, rejected }
}

const finders: Record<PathKind, (own: Reach, other: Reach, context: PathContext, call: Caller) => Finding> = {
  lan: (own, other, { lan }, call) => {
    const mtu = (endpoint: Endpoint) => linkMtu(underlayOf(own, other), endpointFamily(endpoint))
    const found = lan.map((endpoint) => candidate('lan', { endpoint, mtu: mtu(endpoint) }))
    return found.length > 0 ? found : () => notOnLan(own, other, call)
  },

  direct: (own, other, _context, call) => {
    const targets = other.direct.filter((endpoint) => own.families.includes(endpointFamily(endpoint)))
    if (targets.length > 0) return targets.map((endpoint) => sendDirect(own, other, endpoint))
    const doors = own.direct.filter((endpoint) => other.families.includes(endpointFamily(endpoint)))
    return doors.length > 0 ? [awaitDirect(own, other, doors)] : () => notDirect(own, other, call)
  },

  punched: (own, other, { relays }, call) => {
    const endpoint = other.outside
    const blocked = [own, other].filter((end) => !isPunchable(end, relays.length))
    if (!endpoint || blocked.length > 0) return () => notPunched(blocked, relays.length, call)
    return [candidate('punched', { endpoint, keepalive: KEEPALIVE, mtu: linkMtu(underlayOf(own, other), 4) })]
  },

  relayed: (own, other, { relays, transitPrefix }, call) => {
    const place = other.transit
    const isPossible = transitPrefix !== undefined && place !== undefined && own.transit !== undefined
    const usable = isPossible ? relaysFor(own.node, other.node, relays) : []
    if (!isPossible || usable.length === 0)
      return () => notRelayed(own, other, transitPrefix ? relays : [], call)
    const mtu = relayedMtu(underlayOf(own, other))
    return usable.map(({ node, slot }) =>
      candidate('relayed', { endpoint: relayedEndpoint(transitPrefix, slot, place), via: node, mtu }),
    )
  },
}

function sendDirect(own: Reach, other: Reach, endpoint: Endpoint): Candidate {
  const family = endpointFamily(endpoint)
  const keepalive = hasDoor(own, family) ? 0 : KEEPALIVE
  return candidate('direct', { endpoint, keepalive, mtu: linkMtu(underlayOf(own, other), family) })
}

/** The other comes to us. Where its translation gives everybody the same port, sending there first does no harm. */
function awaitDirect(own: Reach, other: Reach, doors: readonly Endpoint[]): Candidate {
  const families = doors.map(endpointFamily).filter((family) => other.families.includes(family))
  const endpoint = other.nat === 'cone' && families.includes(4) ? other.outside : undefined
  // It may come over any of them: what fits through the narrowest fits.
  const mtu = linkMtu(underlayOf(own, other), families.includes(6) ? 6 : 4)
  return candidate('direct', { endpoint, mtu })
}

/** One witness says nothing of stability, but where there is only one relay nobody can say more: then it is worth a try. */
function isPunchable({ nat, outside }: Reach, relayCount: number): boolean {
  return outside !== undefined && (nat === 'cone' || (nat === 'unknown' && relayCount === 1))
}

/** Whether the node has an address of its own that anybody can send to. */
function hasDoor({ direct }: Reach, family: Family): boolean {
  return direct.some((endpoint) => endpointFamily(endpoint) === family)
}

function underlayOf(own: Reach, other: Reach): number {
  return Math.min(own.mtu, other.mtu)
}

function candidate(kind: PathKind, fields: Partial<Candidate> & { readonly mtu: number }): Candidate {
  return { kind, endpoint: undefined, via: undefined, keepalive: 0, ...fields }
}

function callerFor(own: Reach, other: Reach, { nameOf }: PathContext): Caller {
  if (nameOf) return nameOf
  return (node) => (node === own.node ? 'this node' : node === other.node ? 'the other node' : node)
}
