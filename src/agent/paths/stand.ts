import type { NodeId } from '../../keys/identity.ts'
import type { Candidate, PathKind } from '../../topology/reach.ts'
import type { Endpoint } from '../../wireguard/device.ts'
import { LEAST_MTU, type Path, rematch } from './path.ts'
import { PATIENCE } from './patience.ts'
import { hasReceived, hasShaken, type Sighting } from './sighting.ts'

/** Where the search for a path to one peer stands. */
export type Stand = Nowhere | Trying | Held | Trial

/** There is nothing to try. */
interface Nowhere {
  readonly phase: 'nowhere'
}

/** No path works as yet; this one is hoped for. */
export interface Trying {
  readonly phase: 'trying'
  readonly path: Path
  readonly attempt: Attempt
  /** How often every path has failed, one after the other. */
  readonly round: number
}

/** The path works, as far as is known. */
export interface Held {
  readonly phase: 'held'
  readonly path: Path
  readonly since: number
  /** Set while packets that were sent are not answered. */
  readonly doubt: Doubt | undefined
}

/** A path works, and a better one is tried for a moment. */
export interface Trial {
  readonly phase: 'trial'
  readonly path: Path
  readonly attempt: Attempt
  readonly from: Held
}

interface Attempt {
  /** When the knocks end. Sooner than at first thought once something was sent: what counts then is the answer. */
  readonly knocksUntil: number
  /** Milliseconds from then on until the path is given up: a pause between two rounds. */
  readonly pause: number
  /** Bytes sent when the path was chosen; `sent` once there were more. */
  readonly baseline: number | 'sent'
  /** Bytes received when the device was first seen to use the path: those before may have come by another. */
  readonly received: number | undefined
}

/** When an attempt is over, in the terms of `Moment.now`. */
export function endOf({ knocksUntil, pause }: Attempt): number {
  return knocksUntil + pause
}

interface Doubt {
  readonly since: number
  /** Looks since then that found nothing received. */
  readonly looks: number
  /** Milliseconds without an answer that prove the path dead. */
  readonly silence: number
}

/** An own address is gone, and perhaps the path with it: in doubt until something comes. */
export function doubted(stand: Held, now: number): Held {
  return { ...stand, doubt: { since: now, looks: 0, silence: PATIENCE.movedSilence } }
}

/** The other end was heard, but there is no session yet: in doubt until there is one, for as long as a path is tried. */
export function unproven(stand: Held, now: number): Held {
  const silence = PATIENCE.unsent + PATIENCE.unanswered[stand.path.candidate.kind]
  return { ...stand, doubt: { since: now, looks: 0, silence } }
}

/** The way to a peer at this moment. */
export interface Choice {
  readonly kind: PathKind | 'none'
  /** Where to send; undefined: leave the device as it is, the other end will come. */
  readonly endpoint: Endpoint | undefined
  /** The relay, for `relayed`. */
  readonly via: NodeId | undefined
  /** Seconds; 0 is off. */
  readonly keepalive: number
  /** Of packets inside the tunnel, in bytes. */
  readonly mtu: number
  /** Something was received on it since it was chosen. */
  readonly confirmed: boolean
}

const NO_CHOICE: Choice = Object.freeze({
  kind: 'none',
  endpoint: undefined,
  via: undefined,
  keepalive: 0,
  mtu: LEAST_MTU,
  confirmed: false,
})

/** What the stand means to the device. */
export function choiceOf(stand: Stand): Choice {
  if (stand.phase === 'nowhere') return NO_CHOICE
  const { candidate, endpoint } = stand.path
  return { ...candidate, endpoint, confirmed: stand.phase === 'held' }
}

/** How a search goes on. */
interface Beginning {
  readonly now: number
  /** Bytes that the device has sent to the peer so far. */
  readonly sent: number
}

/**
 * Begins to try a path.
 * @param pause milliseconds to go on with the path, quietly, when it has not answered by its limit
 */
export function trying(
  path: Path,
  { now, sent, pause, round }: Beginning & { readonly pause: number; readonly round: number },
): Trying {
  const knocksUntil = now + PATIENCE.unsent + PATIENCE.unanswered[path.candidate.kind]
  const attempt = { knocksUntil, pause, baseline: sent, received: undefined }
  return { phase: 'trying', path, attempt, round }
}

/** The path works from now on. @param since milliseconds, as in `Moment.now` */
export function held(path: Path, since: number): Held {
  return { phase: 'held', path, since, doubt: undefined }
}

/** Begins to try a better path, to come back to `from` if it does not answer. */
export function onTrial(path: Path, from: Held, { now, sent }: Beginning): Trial {
  const attempt = { knocksUntil: now + PATIENCE.longestTrial, pause: 0, baseline: sent, received: undefined }
  return { phase: 'trial', path, attempt, from }
}

/** The path that is tried or held. */
export function pathIn(stand: Stand): Path | undefined {
  return stand.phase === 'nowhere' ? undefined : stand.path
}

/** Whether it is open how things go on, so that there is need to knock and to look. */
export function isOpen(stand: Stand): boolean {
  return (
    stand.phase === 'trying' ||
    stand.phase === 'trial' ||
    (stand.phase === 'held' && stand.doubt !== undefined)
  )
}

/** The same among other candidates. */
export function rematched(stand: Stand, candidates: readonly Candidate[]): Stand {
  if (stand.phase === 'nowhere') return stand
  const path = rematch(stand.path, candidates)
  if (stand.phase !== 'trial') return { ...stand, path }
  return { ...stand, path, from: { ...stand.from, path: rematch(stand.from.path, candidates) } }
}

/** No attempt is cut short, or facts that flap would keep the search from its end; but the pause after it is. */
export function withoutPause(stand: Stand): Stand {
  if (stand.phase !== 'trying') return stand
  return { ...stand, attempt: { ...stand.attempt, pause: 0 } }
}

/** What was found in a look at the device. */
export interface Finding {
  readonly before: Sighting
  readonly after: Sighting
  /** There is a session. Without one, all that may come are handshakes that the other end cannot finish. */
  readonly isLive: boolean
  readonly now: number
  /** When the look before was. */
  readonly lastLook: number
}

/** The attempt after a look; `held` once the other end was heard on the path. */
export function attemptAfter<Kind extends Trying | Trial>(stand: Kind, finding: Finding): Kind | Held {
  const { before, after, isLive, now } = finding
  const { phase, path, attempt } = stand
  if (after.endpoint !== path.endpoint) return stand
  const baseline = attempt.received ?? Number.POSITIVE_INFINITY
  if (hasShaken(before, after) || (isLive && after.rxBytes > baseline)) return held(path, now)
  const limit = phase === 'trial' ? PATIENCE.trial : PATIENCE.unanswered[path.candidate.kind]
  return { ...stand, attempt: { ...awaitingAnswer(attempt, limit, finding), received: after.rxBytes } }
}

/** Once something was sent, the answer has to come within `limit` ms. */
function awaitingAnswer(attempt: Attempt, limit: number, { after, now }: Finding): Attempt {
  if (attempt.baseline === 'sent' || after.txBytes <= attempt.baseline) return attempt
  return { ...attempt, knocksUntil: Math.min(attempt.knocksUntil, now + limit), baseline: 'sent' }
}

/** The doubt about a path after a look. */
export function doubtAfter(
  { doubt }: Held,
  { before, after, isLive, now, lastLook }: Finding,
): Doubt | undefined {
  if (isLive && hasReceived(before, after)) return undefined
  if (doubt) return { ...doubt, looks: doubt.looks + 1 }
  if (after.txBytes <= before.txBytes) return undefined
  // What was sent was sent after the look before; one that is long ago says little.
  return { since: Math.max(lastLook, now - PATIENCE.calm), looks: 1, silence: PATIENCE.silence }
}

/** Whether the doubt has become certainty. @param now milliseconds, as in `Moment.now` */
export function isDead({ since, looks, silence }: Doubt, now: number): boolean {
  return now - since >= silence && looks >= Math.min(PATIENCE.silentLooks, silence / PATIENCE.knock)
}
