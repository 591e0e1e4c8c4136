import { hash } from 'node:crypto'
import type { NodeId } from '../keys/identity.ts'
import { shortDigest } from './digest.ts'
import type { Hint } from './frames.ts'

interface Held {
  readonly hint: Hint
  readonly text: string
}

const LANES = 8

/**
 * Where the members of one network can be reached, as told: the set that a controller tells, and the set that an agent was
 * told, with a digest by which both see whether they are the same. The digest is a sum over the set, so a change costs two
 * hashes, whatever the size. It is there to save bytes and guards nothing: hints are not signed (see frames.ts).
 */
export class HintSet {
  #held = new Map<NodeId, Held>()
  #sum = new Uint32Array(LANES)

  /** The same set; nothing is hashed. */
  copy(): HintSet {
    const copy = new HintSet()
    copy.#held = new Map(this.#held)
    copy.#sum = this.#sum.slice()
    return copy
  }

  /** Whether that was news. */
  put(hint: Hint): boolean {
    const node = hint.node as NodeId
    const text = JSON.stringify(hint)
    const known = this.#held.get(node)
    if (known?.text === text) return false
    if (known) this.#subtract(known.text)
    this.#add(text)
    this.#held.set(node, { hint, text })
    return true
  }

  remove(node: NodeId): void {
    const known = this.#held.get(node)
    if (known) this.#subtract(known.text)
    this.#held.delete(node)
  }

  get(node: NodeId): Hint | undefined {
    return this.#held.get(node)?.hint
  }

  all(): Hint[] {
    return Array.from(this.#held.values(), ({ hint }) => hint)
  }

  get size(): number {
    return this.#held.size
  }

  /** 22 characters of base64url: the same for the same set. */
  digest(): string {
    return shortDigest(new Uint8Array(this.#sum.buffer))
  }

  #add(text: string): void {
    const lanes = lanesOf(text)
    for (let lane = 0; lane < LANES; lane++) this.#sum[lane] = (this.#sum[lane] ?? 0) + (lanes[lane] ?? 0)
  }

  #subtract(text: string): void {
    const lanes = lanesOf(text)
    for (let lane = 0; lane < LANES; lane++) this.#sum[lane] = (this.#sum[lane] ?? 0) - (lanes[lane] ?? 0)
  }
}

function lanesOf(text: string): Uint32Array {
  const bytes = hash('sha256', text, 'buffer')
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + LANES * 4))
}
