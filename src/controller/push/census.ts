import type { Class } from '../../topology/policy/regime.ts'

/** Classes that came to have members in one step, and that have none any more. */
export interface Turnover {
  readonly come: readonly Class[]
  readonly gone: readonly Class[]
}

interface Count {
  readonly one: Class
  size: number
  /** Whether it had members after the step before. */
  wasThere: boolean
}

/** Which classes have members, step by step. */
export class Census {
  readonly #counts = new Map<string, Count>()
  /** Keys of those that were looked at since the last step. */
  readonly #touched = new Set<string>()

  add(one: Class): void {
    this.#count(one).size += 1
  }

  remove(one: Class): void {
    this.#count(one).size -= 1
  }

  /** Ends a step. */
  settle(): Turnover {
    const touched = [...this.#touched].flatMap((key) => this.#counts.get(key) ?? [])
    this.#touched.clear()
    const come = touched.filter(({ size, wasThere }) => size > 0 && !wasThere)
    const gone = touched.filter(({ size, wasThere }) => size <= 0 && wasThere)
    for (const count of touched) count.wasThere = count.size > 0
    return { come: come.map(({ one }) => one), gone: gone.map(({ one }) => one) }
  }

  #count(one: Class): Count {
    const count = this.#counts.get(one.key) ?? { one, size: 0, wasThere: false }
    this.#counts.set(one.key, count)
    this.#touched.add(one.key)
    return count
  }
}
