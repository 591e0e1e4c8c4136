import { toWeftError, WeftError } from '../errors.ts'
import type { InterfaceName } from '../wireguard/device.ts'
import { applyFilter, changeFilter, observeFilter, removeFilter } from '../wireguard/filter.ts'
import { type Flow, filterChange, type PacketFilter, type Source } from '../wireguard/filter-ruleset.ts'
import { openFlows } from './flows.ts'
import { subnetsOf } from './plan.ts'
import type { Replica } from './replica.ts'

/** What the filter of a network has to let in, by whom; undefined: there is to be none. */
export function sourcesOf(replica: Replica): readonly Source[] | undefined {
  const { filter } = replica
  if (!filter) return undefined
  const byText = Map.groupBy(replica.others(), ({ group }) =>
    JSON.stringify(filter.groups.get(group) ?? filter.others),
  )
  const sources = [...byText]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, records]): Source => {
      const [first] = records
      const allow = (first && filter.groups.get(first.group)) ?? filter.others
      return { allow, ranges: records.flatMap(subnetsOf) }
    })
  return sources.filter(({ allow }) => allow.length > 0)
}

/**
 * Keeps what may be opened through one interface as wanted. A filter goes up before the peers that it limits, and is taken
 * away after those are gone, so there is no moment at which more may be opened than before or after. Runs nothing while
 * nothing changes.
 */
export class FilterKeeper {
  readonly #name: InterfaceName
  #kept: PacketFilter | undefined
  #flows: readonly Flow[] | undefined
  /** What nft says of it, for as long as nobody else changes it; undefined until it was looked at (`inspect`). */
  #seen: string | undefined
  /** One of an earlier life of this agent may be there still. */
  #isUnknown = true
  /** While one is taken away beside other work: gives what went wrong. */
  #leaving: Promise<Error | undefined> | undefined

  constructor(name: InterfaceName) {
    this.#name = name
  }

  /**
   * To be called before the interface changes. On an error the interface has to stay as it is.
   * @param isBare there are no peers that a filter could limit: one that is to go may go at once
   */
  async prepare(sources: readonly Source[] | undefined, isBare: boolean): Promise<void> {
    if (!sources && isBare) this.#leaving = failureOf(this.leave())
    if (!sources) return
    await this.#leaving
    this.#flows ??= await openFlows()
    const wanted: PacketFilter = { interface: this.#name, sources, flows: this.#flows }
    const change = this.#kept && filterChange(this.#kept, wanted)
    if (change === '') return
    this.#kept = undefined
    if (change) await changeFilter(change)
    else await this.#putUp(wanted)
    this.#kept = wanted
  }

  /** To be called once the interface is as planned. */
  async settle(sources: readonly Source[] | undefined): Promise<void> {
    const failure = await this.#leaving
    this.#leaving = undefined
    if (failure) throw failure
    if (!sources) await this.leave()
  }

  /**
   * Looks whether the filter is still there, puts it up again if not, and says in words what was found. One that was put up
   * since the last look is put up once more, and what nft says of it then is what it has to say from now on: so a plan need
   * not wait for nft to read it back, and what somebody changed by hand in between is gone all the same.
   */
  async inspect(): Promise<readonly string[]> {
    const kept = this.#kept
    if (!kept) return []
    const isNew = this.#seen === undefined
    if (!isNew && (await observeFilter(this.#name)) === this.#seen) return []
    await this.#putUp(kept)
    this.#seen = await observeFilter(this.#name)
    return isNew ? [] : ['the filter of the policy was missing or changed']
  }

  async leave(): Promise<void> {
    if (!this.#kept && !this.#isUnknown) return
    this.#kept = undefined
    this.#flows = undefined
    try {
      await removeFilter(this.#name)
    } catch (error) {
      // Where there is no nft there is no filter either.
      if (!(error instanceof WeftError && error.code === 'unsupported')) throw error
    }
    this.#isUnknown = false
  }

  async #putUp(filter: PacketFilter): Promise<void> {
    this.#isUnknown = true
    this.#seen = undefined
    await applyFilter(filter)
  }
}

/** Of work that is waited for later. */
function failureOf(work: Promise<void>): Promise<Error | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => toWeftError(error),
  )
}
