import type { NodeId } from '../../keys/identity.ts'
import type { ObservedPath } from '../../topology/observed.ts'
import type { Candidate, PathKind } from '../../topology/reach.ts'
import type { Endpoint } from '../../wireguard/device.ts'

/** A candidate in use, or what WireGuard made of it. */
export interface Path {
  readonly candidate: Candidate
  /** Where packets go; undefined: nowhere until the other end comes. */
  readonly endpoint: Endpoint | undefined
  /** The other end came from here by itself: nobody handed this endpoint out. */
  readonly isRoamed: boolean
}

/** What an endpoint that nobody handed out means. */
export type Classify = (endpoint: Endpoint) => ObservedPath

/** Best first. Both ends have the same kinds, so they agree on which is better. */
const RANK: Record<PathKind, number> = { lan: 0, direct: 1, punched: 2, relayed: 3 }
/** What every path carries: IPv6 asks for no less (RFC 8200 section 5). */
export const LEAST_MTU = 1_280

/** Two candidates are the same path when this is the same. */
export function keyOf({ kind, via, endpoint }: Candidate): string {
  return `${kind} ${via ?? '-'} ${endpoint ?? '-'}`
}

/** The candidate as it was handed out. */
export function pathOf(candidate: Candidate): Path {
  return { candidate, endpoint: candidate.endpoint, isRoamed: false }
}

/** What it means that the other end came from `endpoint`. */
export function pathAt(endpoint: Endpoint, candidates: readonly Candidate[], classify: Classify): Path {
  const listed = candidates.find((candidate) => candidate.endpoint === endpoint)
  if (listed) return pathOf(listed)
  const { kind, via } = classify(endpoint)
  const alike = candidates.filter((candidate) => candidate.kind === kind && candidate.via === via)
  // A translation may give it another port than we know: the same address is the same path.
  const closest = alike.find((candidate) => hostOf(candidate.endpoint) === hostOf(endpoint)) ?? alike[0]
  const candidate = closest ?? unlisted(kind === 'none' ? 'direct' : kind, via, candidates)
  return { candidate, endpoint, isRoamed: true }
}

/** The path among other candidates than it was found with; as it was when none of them is the same, or nothing changed. */
export function rematch(path: Path, candidates: readonly Candidate[]): Path {
  const { candidate: old, endpoint } = path
  const candidate =
    candidates.find((each) => each.endpoint !== undefined && each.endpoint === endpoint) ??
    candidates.find((each) => keyOf(each) === keyOf(old))
  if (!candidate || isSame(candidate, old)) return path
  return { candidate, endpoint, isRoamed: endpoint !== candidate.endpoint }
}

/** Whether what the path came from is still among the candidates. */
export function isListed({ candidate }: Path, candidates: readonly Candidate[]): boolean {
  const key = keyOf(candidate)
  return candidates.some((each) => keyOf(each) === key)
}

/**
 * Whether a path that works may be left for `candidate`: for one of a better kind only, since of two relays or two
 * addresses the ends might prefer different ones, and would pull at the link for ever. A path we chose that is not among
 * the candidates any more yields to every other.
 */
export function isBetter(candidate: Candidate, path: Path, candidates: readonly Candidate[]): boolean {
  if (!path.isRoamed && !isListed(path, candidates)) return candidate.endpoint !== path.endpoint
  return isOfBetterKind(candidate, path.candidate)
}

/** Whether `a` is worth leaving `b` for, whoever asks. */
export function isOfBetterKind(a: Candidate, b: Candidate): boolean {
  return RANK[a.kind] < RANK[b.kind]
}

function isSame(a: Candidate, b: Candidate): boolean {
  return keyOf(a) === keyOf(b) && a.keepalive === b.keepalive && a.mtu === b.mtu
}

function hostOf(endpoint: Endpoint | undefined): string | undefined {
  return endpoint?.slice(0, endpoint.lastIndexOf(':'))
}

/** Nothing is known of it but its kind, so what is right for every candidate has to do. */
function unlisted(kind: PathKind, via: NodeId | undefined, candidates: readonly Candidate[]): Candidate {
  const keepalive = Math.max(0, ...candidates.map((candidate) => candidate.keepalive))
  const mtu = candidates.length > 0 ? Math.min(...candidates.map((candidate) => candidate.mtu)) : LEAST_MTU
  return { kind, via, endpoint: undefined, keepalive, mtu }
}
