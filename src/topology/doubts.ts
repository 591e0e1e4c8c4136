import type { Cidr } from '../address/cidr.ts'
import { isMtu, type NodeFacts, USUAL_MTU } from './distil.ts'
import { socketOf } from './endpoint.ts'
import { isInside, readHost } from './hosts.ts'
import { isLinkLocal } from './observed.ts'
import type { Reach } from './reach.ts'
import type { Caller } from './reasons.ts'
import { scopeOf } from './scope.ts'

/** What one end of a link says of the other. */
export interface Word {
  readonly reach: Reach
  /** Where packets of the other end come from; undefined: from nowhere yet. */
  readonly endpoint: string | undefined
  /** Seconds since the last handshake; undefined if there was none. */
  readonly handshakeAge: number | undefined
  /** Whether its agent is connected: else what it says is of some time ago. */
  readonly isOnline?: boolean
}

/** Sentences of one kind about one node: who reports sixty addresses that are none is told of by a few. */
const MOST = 3
/** Seconds of a clock that is off: holes are punched in step, within the half minute for which translations remember. */
const CLOCK_TOLERANCE = 30
/** Seconds between the handshakes that two ends report of: sessions last 180, and one may report half a minute later. */
const AGE_TOLERANCE = 300

/**
 * What is reported of a node and cannot be, so that it is left out: sentences for an operator. Empty for all but faulty and
 * lying nodes, and those whose LAN lies in the range of a private network.
 */
export function doubtsOf(facts: NodeFacts, overlays: readonly Cidr[], call: Caller): readonly string[] {
  const name = call(facts.node)
  return [
    ...few(facts.addresses.flatMap((text) => doubtedAddress(text, overlays))),
    ...few(facts.witnessed.flatMap((witness) => doubtedWitness(facts, witness, overlays, call))),
    ...doubtedForwarding(facts, overlays),
    ...doubtedMtu(facts),
    ...doubtedClock(facts),
  ].map((clause) => `${name} ${clause}.`)
}

/** Where the two ends of a link contradict each other, or one says of the other what cannot be: sentences. */
export function contradictions(a: Word, b: Word, call: Caller): readonly string[] {
  const both = a.reach.direct.filter((endpoint) => b.reach.direct.includes(endpoint))
  const pair = `${call(a.reach.node)} and ${call(b.reach.node)}`
  return [
    ...both.map((endpoint) => `${pair} both say that ${endpoint} is theirs, which can be true of one only.`),
    ...absurdEndpoint(a, b, call),
    ...absurdEndpoint(b, a, call),
    ...(disagree(a, b)
      ? [
          `${pair} disagree on their last handshake, ${a.handshakeAge} s and ${b.handshakeAge} s ago: the later one counts.`,
        ]
      : []),
  ]
}

function doubtedAddress(text: string, overlays: readonly Cidr[]): readonly string[] {
  const found = readHost(text, overlays)
  return typeof found === 'string' ? [`reports the address ${quoted(text)}, ${found}`] : []
}

/** A relay in the same LAN sees a private address, and one that is asked over IPv6 sees that: only nonsense is told. */
function doubtedWitness(
  { node }: NodeFacts,
  { relay, endpoint }: NodeFacts['witnessed'][number],
  overlays: readonly Cidr[],
  call: Caller,
): readonly string[] {
  const socket = socketOf(endpoint)
  if (relay === node) return []
  if (socket && scopeOf(socket.address) !== 'never' && !isInside(overlays, socket.address)) return []
  return [`is seen by ${call(relay)} at ${quoted(endpoint)}, where no machine can be`]
}

function doubtedForwarding(
  { forwarded = '', port }: NodeFacts,
  overlays: readonly Cidr[],
): readonly string[] {
  const socket = socketOf(forwarded)
  if (forwarded === '' || (socket && socket.port !== port)) return []
  const isUsable = socket && scopeOf(socket.address) === 'global' && !isInside(overlays, socket.address)
  return isUsable ? [] : [`has the label endpoint=${quoted(forwarded)}, to which nobody can send`]
}

function doubtedMtu({ mtu }: NodeFacts): readonly string[] {
  if (mtu === undefined || isMtu(mtu)) return []
  return [`reports an MTU of ${mtu} bytes, which cannot be; ${USUAL_MTU} are assumed`]
}

function doubtedClock({ clockAhead = 0 }: NodeFacts): readonly string[] {
  if (Math.abs(clockAhead) <= CLOCK_TOLERANCE) return []
  const side = clockAhead > 0 ? 'ahead of' : 'behind'
  return [
    `has a clock that is ${Math.abs(clockAhead)} s ${side} that of the controller: holes may not be punched, and its peers may take its handshakes for repeated ones`,
  ]
}

function absurdEndpoint(own: Word, other: Word, call: Caller): readonly string[] {
  if (own.endpoint === undefined || canBeFrom(own.endpoint)) return []
  const [viewer, target] = [call(own.reach.node), call(other.reach.node)]
  return [`${viewer} says that ${target} sends from ${quoted(own.endpoint)}, from where nobody can.`]
}

/** A session with a LAN of IPv6 may go by a link-local address, with its zone. */
function canBeFrom(endpoint: string): boolean {
  if (isLinkLocal(endpoint.slice(1))) return true
  const socket = socketOf(endpoint)
  return socket !== undefined && scopeOf(socket.address) !== 'never'
}

function disagree(a: Word, b: Word): boolean {
  if (!a.isOnline || !b.isOnline || a.handshakeAge === undefined || b.handshakeAge === undefined) return false
  return Math.abs(a.handshakeAge - b.handshakeAge) > AGE_TOLERANCE
}

function few(clauses: readonly string[]): readonly string[] {
  const more = clauses.length - MOST
  return more > 0 ? [...clauses.slice(0, MOST), `reports ${more} more that are left out`] : clauses
}

/** What others may have made up, so that it is seen where it ends and shows nothing but itself. */
export function quoted(text: string): string {
  return `'${text.replace(/[^\x20-\x7e]/g, '?')}'`
}
