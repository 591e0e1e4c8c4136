import { type ErrorCode, WeftError } from '../errors.ts'
import type { InterfaceName } from './device.ts'
import { type Gate, ruleset, tableOf } from './ruleset.ts'
import { run } from './run.ts'

/**
 * Puts up the gate of an interface, at once and instead of the one it has; the interface need not exist yet. Gives what
 * `observeFirewall` says of it, for as long as nobody changes it. Rejects with `unsupported` without nft or nf_tables.
 */
export async function applyFirewall(gate: Gate): Promise<string> {
  await run('nft', ['-f', '-'], { input: ruleset(gate) })
  const seen = await observeFirewall(gate.interface)
  if (seen !== undefined) return seen
  throw new WeftError(
    'program-failed',
    `The firewall of ${gate.interface} was removed at once by another program.`,
  )
}

/** The gate of an interface as nft prints it; undefined when there is none, as after `nft flush ruleset`. */
export async function observeFirewall(name: InterfaceName): Promise<string | undefined> {
  try {
    return await run('nft', ['list', 'table', ...tableOf(name).split(' ')])
  } catch (error) {
    if (error instanceof WeftError && error.code === GONE) return undefined
    throw error
  }
}

const GONE: ErrorCode = 'not-found'

/** Takes the gate of an interface away; one that is gone is no error. */
export async function removeFirewall(name: InterfaceName): Promise<void> {
  const table = tableOf(name)
  await run('nft', ['-f', '-'], { input: `table ${table}\ndelete table ${table}\n` })
}
