import { type ErrorCode, WeftError } from '../errors.ts'
import type { InterfaceName } from './device.ts'
import { filterRuleset, filterTableOf, type PacketFilter } from './filter-ruleset.ts'
import { run } from './run.ts'

/** Puts up a filter, at once and instead of the one that is there. Rejects with `unsupported` without nft or nf_tables. */
export async function applyFilter(filter: PacketFilter): Promise<void> {
  await run('nft', ['-f', '-'], { input: filterRuleset(filter) })
}

/** Carries out what `filterChange` gave, all of it or nothing. */
export async function changeFilter(change: string): Promise<void> {
  await run('nft', ['-f', '-'], { input: `${change}\n` })
}

/** The filter of an interface as nft prints it, without the addresses in it; undefined when there is none. */
export async function observeFilter(name: InterfaceName): Promise<string | undefined> {
  try {
    return await run('nft', ['-t', 'list', 'table', ...filterTableOf(name).split(' ')])
  } catch (error) {
    if (error instanceof WeftError && error.code === GONE) return undefined
    throw error
  }
}

const GONE: ErrorCode = 'not-found'

/** Takes the filter of an interface away; one that is gone is no error. */
export async function removeFilter(name: InterfaceName): Promise<void> {
  const table = filterTableOf(name)
  await run('nft', ['-f', '-'], { input: `table ${table}\ndelete table ${table}\n` })
}
