import { hash } from 'node:crypto'
import type { NodeId } from '../keys/identity.ts'
import { shortDigest } from './digest.ts'
import type { Hint } from './frames.ts'

const LANES = 8

/** What a text adds to a sum. */
export type Lanes = Uint32Array

/** By which both ends see whether they have the same set of texts: a change costs a hash or two, whatever the size. */
export class HintSum {
  #lanes = new Uint32Array(LANES)
  /** Until something changes: all who come back after a restart show the same. */
  #digest: string | undefined

  copy(): HintSum {
    const copy = new HintSum()
    copy.#lanes = this.#lanes.slice()
    return copy
  }

  add(more: Lanes): void {
    this.#digest = undefined
    for (let lane = 0; lane < LANES; lane++) this.#lanes[lane] = (this.#lanes[lane] ?? 0) + (more[lane] ?? 0)
  }

  subtract(less: Lanes): void {
    this.#digest = undefined
    for (let lane = 0; lane < LANES; lane++) this.#lanes[lane] = (this.#lanes[lane] ?? 0) - (less[lane] ?? 0)
  }

  /** 22 characters of base64url: the same for the same set. @param less a text that does not count */
  digest(less?: Lanes): string {
    if (less) {
      const rest = this.copy()
      rest.subtract(less)
      return rest.digest()
    }
    this.#digest ??= shortDigest(new Uint8Array(this.#lanes.buffer))
    return this.#digest
  }
}

export function lanesOf(text: string): Lanes {
  const bytes = hash('sha256', text, 'buffer')
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + LANES * 4))
}

interface Held<OneHint> {
  readonly hint: OneHint
  readonly text: string
}

/**
 * Where the members of one network can be reached, as told: the set that a controller tells, and the set that an agent was
 * told, with a digest by which both see whether they are the same. The digest is there to save bytes and guards nothing:
 * hints are not signed (see frames.ts).
 */
export class HintSet<OneHint extends Pick<Hint, 'node'> = Hint> {
  #held = new Map<NodeId, Held<OneHint>>()
  #sum = new HintSum()

  /** The same set; nothing is hashed. */
  copy(): HintSet<OneHint> {
    const copy = new HintSet<OneHint>()
    copy.#held = new Map(this.#held)
    copy.#sum = this.#sum.copy()
    return copy
  }

  /** Whether that was news. */
  put(hint: OneHint): boolean {
    const node = hint.node as NodeId
    const text = JSON.stringify(hint)
    const known = this.#held.get(node)
    if (known?.text === text) return false
    if (known) this.#sum.subtract(lanesOf(known.text))
    this.#sum.add(lanesOf(text))
    this.#held.set(node, { hint, text })
    return true
  }

  /** Whether it was there. */
  remove(node: NodeId): boolean {
    const known = this.#held.get(node)
    if (known) this.#sum.subtract(lanesOf(known.text))
    return this.#held.delete(node)
  }

  get(node: NodeId): OneHint | undefined {
    return this.#held.get(node)?.hint
  }

  all(): OneHint[] {
    return Array.from(this.#held.values(), ({ hint }) => hint)
  }

  get size(): number {
    return this.#held.size
  }

  /** 22 characters of base64url: the same for the same set. */
  digest(): string {
    return this.#sum.digest()
  }
}
