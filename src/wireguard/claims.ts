import { type Cidr, contains, familyOf, prefixLengthOf, rangeAround } from '../address/cidr.ts'
import type { PublicKey } from '../keys/wireguard.ts'

/** A range of addresses and the peer that wants it. */
export interface Claim {
  readonly cidr: Cidr
  readonly prefixLength: number
  readonly owner: PublicKey
}

/** Claims of one prefix length. */
interface Level {
  readonly prefixLength: number
  readonly byRange: Map<Cidr, Claim>
}

/**
 * Who has which addresses, so that no two peers have the same. Asking costs one look for each prefix length in use, but for a
 * claim that is wider than some that are there: those are looked through.
 */
export class Claims {
  readonly #levels = { 4: new Map<number, Level>(), 6: new Map<number, Level>() }

  /** A claim of another peer that overlaps with this one. */
  rivalOf(claim: Claim): Claim | undefined {
    for (const level of this.#levels[familyOf(claim.cidr)].values()) {
      const rival =
        level.prefixLength <= claim.prefixLength ? atWidth(level, claim) : foreignWithin(level, claim)
      if (rival && rival.owner !== claim.owner) return rival
    }
    return undefined
  }

  put(claim: Claim): void {
    const { cidr, prefixLength } = claim
    const levels = this.#levels[familyOf(cidr)]
    const level = levels.get(prefixLength) ?? { prefixLength, byRange: new Map() }
    levels.set(prefixLength, level)
    level.byRange.set(cidr, claim)
  }

  remove({ cidr, prefixLength }: Claim): void {
    const levels = this.#levels[familyOf(cidr)]
    const level = levels.get(prefixLength)
    level?.byRange.delete(cidr)
    if (level?.byRange.size === 0) levels.delete(prefixLength)
  }
}

export function claimOf(cidr: Cidr, owner: PublicKey): Claim {
  return { cidr, prefixLength: prefixLengthOf(cidr), owner }
}

function foreignWithin({ byRange }: Level, { cidr, owner }: Claim): Claim | undefined {
  for (const other of byRange.values()) if (other.owner !== owner && contains(cidr, other.cidr)) return other
  return undefined
}

/** The one claim of this level that can cover `claim`. */
function atWidth({ prefixLength, byRange }: Level, claim: Claim): Claim | undefined {
  const isSameWidth = prefixLength === claim.prefixLength
  return byRange.get(isSameWidth ? claim.cidr : rangeAround(claim.cidr, prefixLength))
}
