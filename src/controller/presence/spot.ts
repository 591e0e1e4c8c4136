import { endpointsOn, type LanPlace } from '../../topology/lan.ts'
import type { Class, Regime } from '../../topology/policy/regime.ts'

/** Where a member is, and what decides on whom it sees. */
export interface Spot {
  readonly places: readonly LanPlace[]
  readonly lans: ReadonlySet<string>
  readonly class: Class | undefined
  /** Those with the same key hear the same of everybody. */
  readonly key: string
}

export function spotOf(places: readonly LanPlace[], own: Class | undefined): Spot {
  const lans = new Set(places.map(({ lan }) => lan))
  return { places, lans, class: own, key: JSON.stringify([own?.key, ...[...lans].sort()]) }
}

/** The same place for a member of another class; the key of a class says whom it sees (regime.ts), so it is kept as it was. */
export function withClass(spot: Spot, own: Class | undefined): Spot {
  return spot.class?.key === own?.key ? spot : spotOf(spot.places, own)
}

/** Of who is no member, or of whom nothing is known. */
export const NOWHERE: Spot = Object.freeze(spotOf([], undefined))

export function isSameSpot(a: Spot, b: Spot): boolean {
  const isSame = ({ lan, endpoint }: LanPlace, at: number) =>
    lan === b.places[at]?.lan && endpoint === b.places[at]?.endpoint
  return a.key === b.key && a.places.length === b.places.length && a.places.every(isSame)
}

export function sees(viewer: Spot, other: Spot, regime: Regime): boolean {
  return viewer.class !== undefined && other.class !== undefined && regime.sees(viewer.class, other.class)
}

/** What who is at one spot is told of who is at the other: endpoints on LANs that they share, if they may know of each other. */
export function toldOf(other: Spot, viewer: Spot, regime: Regime): readonly string[] {
  return sees(viewer, other, regime) ? endpointsOn(viewer.lans, other.places) : NOTHING
}

const NOTHING: readonly string[] = Object.freeze([])
