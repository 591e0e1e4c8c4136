import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Convergence } from '../client/operations.ts'
import { type ErrorCode, toWeftError, WeftError } from '../errors.ts'
import type { Client } from './client.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { wholeNumber } from './numbers.ts'
import { print, table } from './output.ts'
import { whileWorking } from './progress.ts'

interface WaitOptions extends ClientOptions {
  readonly timeout: number
}

/** Milliseconds between two looks: a change needs about as long, and nobody waits longer than that for nothing. */
const INTERVAL = 200
/** Milliseconds for the one question of a wait of 0 s. */
const ONE_ANSWER = 10_000
/** Members that are named when the wait was in vain. */
const NAMED = 10

/** What passes by itself, as while a controller starts again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'overloaded',
  'store-unavailable',
  'too-many-requests',
])

const HELP = `
Members whose agents are not connected are not waited for: they get what they miss when they come back. A controller that does
not answer meanwhile is asked again, and has to have as many connected as were there before.

Exit code: 0 when it has come, 3 when it has not within the time.`

/** `weft network wait NETWORK` */
export function waitCommand(): Command {
  return clientCommand('wait')
    .description('Wait until every connected member has applied the latest revision.')
    .argument('<network>', 'id or name')
    .option('--timeout <seconds>', 'how long to wait at most', wholeNumber, 60)
    .addHelpText('after', HELP)
    .action(async (name: string, options: WaitOptions) => {
      using client = openClient(options)
      const found = await waitFor(client, name, options.timeout * 1_000)
      print(options.json, found, () => summary(found))
      if (found.converged) return
      const waited = `${name} has not converged within ${options.timeout} s.`
      throw new WeftError('timed-out', waited, {
        advice: `'weft network show ${name}' and 'weft node list' tell more of the members that lag.`,
      })
    })
}

/** @param limit milliseconds */
async function waitFor(client: Client, name: string, limit: number): Promise<Convergence> {
  let standing = ''
  return whileWorking(
    (seconds) => `${standing}, ${seconds} s`,
    () =>
      look(client, { name, limit }, (found) => {
        standing = found
          ? `${found.members.applied} of ${found.members.online} connected members have it`
          : 'No controller answers'
      }),
  )
}

interface Wait {
  readonly name: string
  /** Milliseconds. */
  readonly limit: number
}

/** @param tell what is found at each look; undefined while no controller answers */
async function look(
  client: Client,
  { name, limit }: Wait,
  tell: (found: Convergence | undefined) => void,
): Promise<Convergence> {
  const end = performance.now() + limit
  let last: Convergence | undefined
  let wanted = 0
  for (;;) {
    const answer = await ask(client, name, limit === 0 ? ONE_ANSWER : end - performance.now())
    const isFound = !(answer instanceof WeftError)
    tell(isFound ? answer : undefined)
    // One that has just started finds nobody to wait for: those who were there come back within seconds.
    if (!isFound) wanted = Math.max(wanted, last?.members.online ?? 0)
    if (isFound) last = { ...answer, converged: answer.converged && answer.members.online >= wanted }
    const left = end - performance.now()
    if (last && isFound && last.converged) return last
    if (left <= 0 && last) return last
    if (left <= 0 && !isFound) throw answer
    await pause(Math.min(INTERVAL, left))
  }
}

/** What the controller says, or why it says nothing at the moment. */
async function ask(client: Client, name: string, limit: number): Promise<Convergence | WeftError> {
  const signal = AbortSignal.timeout(Math.max(0, Math.ceil(limit)))
  try {
    const input = { path: { network: name }, query: { limit: NAMED } }
    return await client.call('showConvergence', input, signal)
  } catch (error) {
    const known = toWeftError(error)
    if (signal.aborted) return new WeftError('timed-out', 'No controller has answered within that time.')
    if (PASSING.has(known.code)) return known
    throw known
  }
}

function summary({ epoch, revision, members, items, more }: Convergence): string {
  const { total, online, applied } = members
  const away = total - online
  const line = `revision ${revision} (epoch ${epoch}): applied by ${applied} of ${online} connected members`
  const head = `${line}${away > 0 ? `; ${away} not connected` : ''}\n`
  if (items.length === 0) return head
  const rows = items.map(({ name, state, appliedRevision, reason }) => [
    name,
    state,
    String(appliedRevision),
    reason ?? '',
  ])
  const rest = more > 0 ? `and ${more} more\n` : ''
  return `${head}${table(['name', 'state', 'has revision', 'why'], rows)}${rest}`
}
