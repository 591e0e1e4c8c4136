import type { NodeId } from '../../keys/identity.ts'

/** That something happened to a member, as one of many things with numbers. */
export interface Mark {
  readonly node: NodeId
  readonly number: number
}

/** So many marks are never worth a sweep. */
const SMALL = 16

/** Who came to one LAN, left it or changed there, by the last time that each did: no more than twice as long as these are many. */
export class LanTrail {
  #marks: Mark[] = []
  #most = SMALL

  add(mark: Mark): void {
    this.#marks.push(mark)
    if (this.#marks.length > this.#most) this.#sweep(0)
  }

  /** Those to whom it happened at `number` or later. */
  since(number: number): ReadonlySet<NodeId> {
    const nodes = new Set<NodeId>()
    for (let at = this.#marks.length - 1; at >= 0; at--) {
      const mark = this.#marks[at]
      if (!mark || mark.number < number) break
      nodes.add(mark.node)
    }
    return nodes
  }

  /** Forgets what happened before `number`. Whether nothing is left. */
  forget(number: number): boolean {
    this.#sweep(number)
    return this.#marks.length === 0
  }

  #sweep(number: number): void {
    const last = new Map(this.#marks.map((mark) => [mark.node, mark]))
    this.#marks = this.#marks.filter((mark) => mark.number >= number && last.get(mark.node) === mark)
    this.#most = Math.max(SMALL, 2 * this.#marks.length)
  }
}
