import type { NodeId } from '../../keys/identity.ts'

/** Who has something to be told: all viewers of some classes, and some members by themselves. */
export interface News {
  readonly classes: readonly string[]
  readonly nodes: readonly NodeId[]
}

/** Who is to be told at the next push of a network. */
export class Due {
  readonly #classes = new Set<string>()
  readonly #nodes = new Set<NodeId>()
  #isAll = false

  add(news: News | 'all'): void {
    if (news === 'all') {
      this.#isAll = true
      return
    }
    for (const key of news.classes) this.#classes.add(key)
    for (const node of news.nodes) this.#nodes.add(node)
  }

  /** Undefined: all members. @param membersOf those of some classes, or undefined where that is everybody */
  viewers(
    membersOf: (classes: ReadonlySet<string>) => readonly NodeId[] | undefined,
  ): readonly NodeId[] | undefined {
    if (this.#isAll) return undefined
    if (this.#classes.size === 0) return [...this.#nodes]
    const members = membersOf(this.#classes)
    return members && [...new Set([...members, ...this.#nodes])]
  }
}
