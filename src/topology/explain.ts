import type { NodeId } from '../keys/identity.ts'
import { candidates, type PathContext } from './candidates.ts'
import { contradictions, type Word } from './doubts.ts'
import { endpointFamily } from './endpoint.ts'
import { type ObservedPath, observedPath } from './observed.ts'
import type { Candidate, Candidates, PathKind } from './reach.ts'
import type { Caller } from './reasons.ts'

/** One end of a link, and what its agent reports of the other. */
export interface End extends Word {
  readonly context: Omit<PathContext, 'nameOf'>
  /** What is wrong with this end itself, in sentences: `doubtsOf`, and what it was refused. */
  readonly doubts?: readonly string[]
}

type Ends = readonly [End, End]

/** A link from one end's point of view. */
export interface Direction {
  readonly from: NodeId
  readonly to: NodeId
  readonly candidates: Candidates
  /** `none` while no handshake is fresh. */
  readonly inUse: ObservedPath
}

export interface Explanation {
  readonly directions: readonly [Direction, Direction]
  /** What is, and why it is not better; for a tired operator. */
  readonly sentences: readonly string[]
  /** What to do about it; empty when all is well. */
  readonly advice: readonly string[]
}

/** Seconds after which a session without a new handshake is dead: REJECT_AFTER_TIME, WireGuard paper section 6.1. */
const HANDSHAKE_LIFE = 180

/** Why two members reach each other the way they do, or why they do not. */
export function explain(a: End, b: End, nameOf: Caller): Explanation {
  const directions = [direction(a, b, nameOf), direction(b, a, nameOf)] as const
  return {
    directions,
    sentences: [
      ...directions.map((each) => standing(each, nameOf)),
      ...misses(directions[leading(directions)]),
      ...otherRelay(directions[leading(directions)], nameOf),
      ...[a, b].filter(isAway).map((end) => away(end, nameOf)),
      ...contradictions(a, b, nameOf),
      ...[a, b].flatMap(({ doubts = [] }) => doubts),
    ],
    advice: adviceFor(directions, [a, b], nameOf),
  }
}

/** Whether it is known that its agent is not connected. */
function isAway({ isOnline }: End): boolean {
  return isOnline === false
}

function away({ reach }: End, nameOf: Caller): string {
  return `The agent of ${nameOf(reach.node)} is not connected: what it said last is what counts here.`
}

/** Which of the two directions says most of the link: the first of which a path is in use, else the first. */
export function leading([forth, back]: Explanation['directions']): 0 | 1 {
  return forth.inUse.kind === 'none' && back.inUse.kind !== 'none' ? 1 : 0
}

function direction(own: End, other: End, nameOf: Caller): Direction {
  const isFresh = own.handshakeAge !== undefined && own.handshakeAge <= HANDSHAKE_LIFE
  const endpoint = isFresh ? own.endpoint : undefined
  return {
    from: own.reach.node,
    to: other.reach.node,
    candidates: candidates(own.reach, other.reach, { ...own.context, nameOf }),
    inUse: observedPath(endpoint, own.reach, other.reach, own.context),
  }
}

function standing({ from, to, candidates: { taken }, inUse }: Direction, nameOf: Caller): string {
  const pair = `${nameOf(from)} to ${nameOf(to)}`
  if (inUse.kind !== 'none')
    return `${pair}: ${inUse.kind}${through(inUse.via, nameOf)}, confirmed by a handshake.`
  if (taken.length === 0) return `${pair}: no path.`
  return `${pair}: no path is confirmed; to be tried are ${taken.map((way) => describe(way, nameOf)).join(', then ')}.`
}

/** Why the ways better than the one in use are not in use. */
function misses({ candidates: { taken, rejected }, inUse }: Direction): readonly string[] {
  const better = inUse.kind === 'none' ? ORDER : ORDER.slice(0, ORDER.indexOf(inUse.kind))
  return better.flatMap((kind) => {
    const isOpen = taken.some((way) => way.kind === kind)
    if (isOpen && inUse.kind === 'none') return []
    if (isOpen) return [`Not ${kind}: it is possible, but no handshake came through.`]
    return rejected.filter((each) => each.kind === kind).map(({ reason }) => `Not ${kind}: ${reason}`)
  })
}

/** Why a relay is not the one that a new link would take. */
function otherRelay({ candidates: { taken }, inUse }: Direction, nameOf: Caller): readonly string[] {
  const [first] = taken.filter(({ kind }) => kind === 'relayed')
  if (inUse.via === undefined || first?.via === undefined || first.via === inUse.via) return []
  const [used, usual] = [nameOf(inUse.via), nameOf(first.via)]
  return [`Through ${used}, and not ${usual}, because a link stays with its relay while that works.`]
}

const ORDER: readonly PathKind[] = ['lan', 'direct', 'punched', 'relayed']

function adviceFor(
  [forth, back]: readonly [Direction, Direction],
  ends: Ends,
  nameOf: Caller,
): readonly string[] {
  const inUse = [forth, back].map((each) => each.inUse.kind).filter((kind) => kind !== 'none')
  if (inUse.length > 0) return inUse.every((kind) => kind === 'relayed') ? doors(ends, nameOf) : []
  const gone = ends.filter(isAway)
  if (gone.length > 0)
    return gone.map(({ reach }) => `Look on ${nameOf(reach.node)} whether its agent runs: 'weft doctor'.`)
  const isHopeless = forth.candidates.taken.length === 0 && back.candidates.taken.length === 0
  if (isHopeless) return unreachable(ends, nameOf)
  return ['Wait half a minute, then look whether the agents of both run.', ...doors(ends, nameOf)]
}

function unreachable(ends: Ends, nameOf: Caller): readonly string[] {
  const silent = ends.filter(({ reach }) => reach.families.length === 0)
  if (silent.length > 0)
    return silent.map(
      ({ reach }) => `Start the agent of ${nameOf(reach.node)}, or look whether it has a network at all.`,
    )
  const relays = ends[0].context.relays.filter(({ node }) => ends.every((end) => end.reach.node !== node))
  if (relays.length === 0) return ['Give a third node, one that both can reach, the role of a relay.']
  const outside = ends.filter(({ reach }) => reach.transit === undefined)
  if (outside.length > 0)
    return outside.map(
      ({ reach }) =>
        `Look whether the agent of ${nameOf(reach.node)} is connected: it is not in the transit.`,
    )
  const names = relays.map(({ node }) => nameOf(node)).toSorted()
  return [`Start ${names.join(' or ')} again, or give another node the role of a relay.`]
}

/** Where a firewall may be in the way of a direct path. */
function doors([a, b]: Ends, nameOf: Caller): readonly string[] {
  return [door(a, b, nameOf), door(b, a, nameOf)].filter((advice) => advice !== undefined)
}

function door({ reach: sender }: End, { reach: target }: End, nameOf: Caller): string | undefined {
  const endpoint = target.direct.find((each) => sender.families.includes(endpointFamily(each)))
  return endpoint && `Let UDP to ${endpoint} through the firewall of ${nameOf(target.node)}.`
}

function describe({ kind, endpoint, via }: Candidate, nameOf: Caller): string {
  if (kind === 'relayed') return `relayed${through(via, nameOf)}`
  return endpoint ? `${kind} at ${endpoint}` : `${kind}, for which the other end has to begin`
}

function through(via: NodeId | undefined, nameOf: Caller): string {
  return via === undefined ? '' : ` through ${nameOf(via)}`
}
