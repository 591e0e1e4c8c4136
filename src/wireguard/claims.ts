import type { Block, Cidr } from '../address/cidr.ts'
import { hostBits } from '../address/number.ts'
import type { PublicKey } from '../keys/wireguard.ts'

/** A block of addresses and the peer that wants it. */
export interface Claim extends Block {
  readonly cidr: Cidr
  readonly owner: PublicKey
}

/** Claims of one prefix length, by their prefixes as text: of a bigint, a Map hashes the low 64 bits only, and those are alike. */
interface Level {
  readonly prefixLength: number
  readonly byPrefix: Map<string, Claim>
}

/**
 * Who has which addresses, so that no two peers have the same. Asking costs one look for each prefix length in use, but for a
 * claim that is wider than some that are there: those are looked through.
 */
export class Claims {
  readonly #levels = { 4: new Map<number, Level>(), 6: new Map<number, Level>() }

  /** A claim of another peer that overlaps with this one. */
  rivalOf(claim: Claim): Claim | undefined {
    for (const level of this.#levels[claim.family].values()) {
      const rival =
        level.prefixLength <= claim.prefixLength ? atWidth(level, claim) : foreignWithin(level, claim)
      if (rival && rival.owner !== claim.owner) return rival
    }
    return undefined
  }

  put(claim: Claim): void {
    const { family, prefixLength } = claim
    const level = this.#levels[family].get(prefixLength) ?? { prefixLength, byPrefix: new Map() }
    this.#levels[family].set(prefixLength, level)
    level.byPrefix.set(prefixOf(claim, prefixLength), claim)
  }

  remove(claim: Claim): void {
    const { family, prefixLength } = claim
    const level = this.#levels[family].get(prefixLength)
    level?.byPrefix.delete(prefixOf(claim, prefixLength))
    if (level?.byPrefix.size === 0) this.#levels[family].delete(prefixLength)
  }
}

/** Whether all of `inner` is in `outer`. */
export function covers(outer: Block, inner: Block): boolean {
  return (
    outer.family === inner.family &&
    outer.prefixLength <= inner.prefixLength &&
    (outer.first ^ inner.first) >> hostBits(outer) === 0n
  )
}

function foreignWithin({ byPrefix }: Level, claim: Claim): Claim | undefined {
  for (const other of byPrefix.values()) if (covers(claim, other) && other.owner !== claim.owner) return other
  return undefined
}

/** The one claim of this level that can cover `claim`. */
function atWidth({ prefixLength, byPrefix }: Level, claim: Claim): Claim | undefined {
  return byPrefix.get(prefixOf(claim, prefixLength))
}

/** The first so many bits. */
function prefixOf({ family, first }: Block, prefixLength: number): string {
  return (first >> hostBits({ family, prefixLength })).toString(36)
}
