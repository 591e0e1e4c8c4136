import type { NodeId } from '../keys/identity.ts'
import type { PathContext } from './candidates.ts'
import { endpointFamily, socketOf } from './endpoint.ts'
import type { PathKind, Reach } from './reach.ts'
import { scopeOf } from './scope.ts'
import { slotsOf } from './transit.ts'

/** The way in which packets really go. */
export interface ObservedPath {
  readonly kind: PathKind | 'none'
  /** The relay, for `relayed`; undefined then, too, when it is none that is known. */
  readonly via: NodeId | undefined
}

type Surroundings = Pick<PathContext, 'relays' | 'transitPrefix'>

/**
 * What an endpoint in use means to `own`, who reports it of `other`. WireGuard follows the peer wherever it comes from, so
 * it may be one that nobody handed out: then its scope tells, and whether the other could have come to us by itself.
 */
export function observedPath(
  endpoint: string | undefined,
  own: Reach,
  other: Reach,
  { relays, transitPrefix }: Surroundings,
): ObservedPath {
  const socket = socketOf(endpoint ?? '')
  if (!socket) return path('none')
  const slots = transitPrefix && slotsOf(transitPrefix, socket.address)
  if (slots) return path('relayed', relays.find(({ slot }) => slot === slots.relay)?.node)
  const scope = scopeOf(socket.address)
  if (scope !== 'global') return path(scope === 'private' || isLinkLocal(socket.address) ? 'lan' : 'none')
  const family = socket.address.includes(':') ? 6 : 4
  const isReachable = own.direct.some((door) => endpointFamily(door) === family)
  const isDoor = other.direct.some((door) => socketOf(door)?.address === socket.address)
  return path(isReachable || isDoor ? 'direct' : 'punched')
}

/** Of IPv6, RFC 4291 section 2.5.6: neighbours on one cable may use it. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address)
}

function path(kind: ObservedPath['kind'], via?: NodeId): ObservedPath {
  return { kind, via }
}
