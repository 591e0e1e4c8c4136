import type { NodeId } from '../keys/identity.ts'
import { hashOf, weightOf } from './hash.ts'
import type { RelayView } from './reach.ts'

/** Round trips up to this many milliseconds are alike; each doubling makes a class of its own, so noise orders nothing. */
const NEAR = 10

/**
 * The relays that a pair can use, best first: nearest by class of round trip (one not measured yet comes last), then by
 * rendezvous hash of the pair, which both ends compute alike, spreads pairs evenly and moves few when a relay comes or
 * goes. Dead relays are left out, and so are the two themselves: a relay never forwards to its own ports.
 */
export function relaysFor(a: NodeId, b: NodeId, relays: readonly RelayView[]): readonly RelayView[] {
  const pair = hashOf(a < b ? `${a} ${b}` : `${b} ${a}`)
  return relays
    .filter(({ node, alive }) => alive && node !== a && node !== b)
    .map((relay) => ({ relay, distance: distanceOf(relay.rtt), weight: weightOf(pair, hashOf(relay.node)) }))
    .toSorted(
      (x, y) => x.distance - y.distance || y.weight - x.weight || (x.relay.node < y.relay.node ? -1 : 1),
    )
    .map(({ relay }) => relay)
}

/** 0 up to 10 ms, 1 up to 20 ms, 2 up to 40 ms, and so on. */
function distanceOf(rtt: number | undefined): number {
  return rtt === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, Math.ceil(Math.log2(rtt / NEAR)))
}
