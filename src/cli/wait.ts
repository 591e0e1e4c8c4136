import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Convergence } from '../client/operations.ts'
import { WeftError } from '../errors.ts'
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
/** Members that are named when the wait was in vain. */
const NAMED = 10

const HELP = `
Members whose agents are not connected are not waited for: they get what they miss when they come back.

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
      const found = await waitFor(client, name, performance.now() + options.timeout * 1_000)
      print(options.json, found, () => summary(found))
      if (found.converged) return
      const waited = `${name} has not converged within ${options.timeout} s.`
      throw new WeftError('timed-out', waited, {
        advice: `'weft network show ${name}' and 'weft node list' tell more of the members that lag.`,
      })
    })
}

async function waitFor(client: Client, name: string, end: number): Promise<Convergence> {
  let standing = ''
  return whileWorking(
    (seconds) => `${standing}, ${seconds} s`,
    () =>
      look(client, name, end, (found) => {
        standing = `${found.members.applied} of ${found.members.online} connected members have it`
      }),
  )
}

async function look(
  client: Client,
  name: string,
  end: number,
  tell: (found: Convergence) => void,
): Promise<Convergence> {
  for (;;) {
    const found = await client.call('showConvergence', { path: { network: name }, query: { limit: NAMED } })
    tell(found)
    const left = end - performance.now()
    if (found.converged || left <= 0) return found
    await pause(Math.min(INTERVAL, left))
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
