import type { Cidr } from '../address/cidr.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { DesiredDevice, ObservedDevice, ObservedPeer, Peer, PeerChange, Step } from './device.ts'

/** WireGuard gives up a session 180 s after its handshake (Reject-After-Time, section 6.1 of the WireGuard paper). */
const SESSION_LIFE = 180_000

export interface DiffOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  /** What was desired when the interface was last brought in line; absent after a start. */
  readonly previous?: { readonly peers: ReadonlyMap<PublicKey, Peer | undefined> } | undefined
}

/**
 * The steps from what is to what has to be, none if nothing differs, and always in the same order. A live session keeps
 * the endpoint it has found, unless the desired one is another than that of `previous`.
 * @param desired peers whose allowed IPs are disjoint, as `desiredDevice` sees to
 */
export function diff(
  observed: ObservedDevice,
  desired: DesiredDevice,
  options: DiffOptions,
): readonly Step[] {
  return [
    ...interfaceSteps(observed, desired),
    ...upserts(observed, desired, options),
    ...removals(observed, desired),
  ]
}

/** Routes need an address and a link that is up; when it goes down, all routes and IPv6 addresses are lost with it. */
function interfaceSteps(observed: ObservedDevice, desired: DesiredDevice): Step[] {
  const { privateKey, listenPort, mtu, alias } = desired
  const steps: Step[] = []
  if (observed.publicKey !== desired.publicKey) steps.push({ kind: 'set-key', privateKey })
  if (observed.listenPort !== listenPort) steps.push({ kind: 'set-port', listenPort })
  if (observed.mtu !== mtu) steps.push({ kind: 'set-mtu', mtu })
  if (observed.alias !== alias) steps.push({ kind: 'set-alias', alias })
  for (const address of missing(desired.addresses, observed.addresses)) {
    steps.push({ kind: 'add-address', address })
  }
  if (!observed.up) steps.push({ kind: 'set-up' })
  return [...steps, ...routeSteps(observed, desired)]
}

function routeSteps(observed: ObservedDevice, desired: DesiredDevice): Step[] {
  const steps: Step[] = []
  for (const [route, mtu] of desired.routes) {
    const replaces = observed.routes.has(route)
    if (!replaces || observed.routes.get(route) !== mtu)
      steps.push({ kind: 'add-route', route, mtu, replaces })
  }
  return steps
}

function upserts(observed: ObservedDevice, desired: DesiredDevice, options: DiffOptions): Step[] {
  const taken = takenOver(observed, desired)
  const steps: Step[] = []
  for (const want of desired.peers.values()) {
    const have = observed.peers.get(want.publicKey)
    const change = have ? changeOf(have, want, taken, options) : additionOf(want)
    if (change) steps.push({ kind: 'set-peer', peer: change })
  }
  return steps
}

/**
 * Allowed IPs that some peer gets in addition. Setting them takes them from whoever has them, without a gap; a peer
 * that only loses such ones needs no step of its own, which would make it drop and re-learn all the others.
 */
function takenOver(observed: ObservedDevice, desired: DesiredDevice): ReadonlySet<Cidr> {
  const taken = new Set<Cidr>()
  for (const { publicKey, allowedIps } of desired.peers.values()) {
    const have = observed.peers.get(publicKey)?.allowedIps ?? []
    if (!same(have, allowedIps)) for (const cidr of missing(allowedIps, have)) taken.add(cidr)
  }
  return taken
}

/** A new peer has no allowed IPs and no keepalive. */
function additionOf({ publicKey, endpoint, allowedIps, keepalive }: Peer): PeerChange {
  return {
    publicKey,
    ...(allowedIps.length > 0 && { allowedIps }),
    ...(endpoint !== undefined && { endpoint }),
    ...(keepalive !== 0 && { keepalive }),
  }
}

function changeOf(
  have: ObservedPeer,
  want: Peer,
  taken: ReadonlySet<Cidr>,
  options: DiffOptions,
): PeerChange | undefined {
  const { publicKey, endpoint, allowedIps, keepalive } = want
  const left = have.allowedIps.filter((cidr) => !taken.has(cidr))
  const change: PeerChange = {
    publicKey,
    ...(endpoint !== undefined && mustMove(have, want, options) && { endpoint }),
    ...(!same(left, allowedIps) && { allowedIps }),
    ...(have.keepalive !== keepalive && { keepalive }),
    ...(have.hasPresharedKey && { removePresharedKey: true }),
  }
  return Object.keys(change).length > 1 ? change : undefined
}

function mustMove(have: ObservedPeer, want: Peer, { now, previous }: DiffOptions): boolean {
  if (have.endpoint === want.endpoint) return false
  const live = now - have.latestHandshake * 1_000 < SESSION_LIFE
  const replanned = previous !== undefined && previous.peers.get(want.publicKey)?.endpoint !== want.endpoint
  return !live || replanned
}

function removals(observed: ObservedDevice, desired: DesiredDevice): Step[] {
  const steps: Step[] = []
  for (const publicKey of observed.peers.keys()) {
    if (!desired.peers.has(publicKey)) steps.push({ kind: 'remove-peer', publicKey })
  }
  for (const route of observed.routes.keys()) {
    if (!desired.routes.has(route)) steps.push({ kind: 'remove-route', route })
  }
  for (const address of missing(observed.addresses, desired.addresses)) {
    steps.push({ kind: 'remove-address', address })
  }
  return steps
}

/** Those of `wanted` that are not in `had`. */
function missing<Text extends string>(wanted: readonly Text[], had: readonly Text[]): Text[] {
  const present = new Set(had)
  return wanted.filter((text) => !present.has(text))
}

/** Both lists are sorted. */
function same(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((text, index) => text === b[index])
}
