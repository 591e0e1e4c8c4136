import type { Command } from 'commander'
import type { LinkChanges } from '../client/operations.ts'
import type { Client } from './client.ts'
import type { ClientOptions } from './connection.ts'
import { nodeNames } from './names.ts'
import { print } from './output.ts'
import { printable } from './printable.ts'

export interface DryRunOptions extends ClientOptions {
  readonly dryRun?: boolean
}

/** Lets a command that makes or ends links be tried out. */
export function withDryRun(command: Command): Command {
  return command.option('--dry-run', 'change nothing, and say which links would appear and disappear')
}

/** Which links a change would make and end, by the names of their nodes. */
export async function printLinkChanges(
  client: Client,
  changes: LinkChanges,
  json: boolean | undefined,
): Promise<void> {
  const names = json ? new Map() : await nodeNames(client)
  print(json, changes, () => linkChangesText(changes, (node) => names.get(node) ?? node))
}

function linkChangesText({ appear, disappear, push }: LinkChanges, nameOf: (node: string) => string): string {
  return [
    `${appear.count} links would appear, ${disappear.count} would disappear.`,
    `${push.count} members would be sent ${push.bytes} bytes.`,
    ...listed(appear, '+', nameOf),
    ...listed(disappear, '-', nameOf),
    '',
  ].join('\n')
}

function listed(
  { count, links }: LinkChanges['appear'],
  sign: string,
  nameOf: (node: string) => string,
): string[] {
  const rows = links.map(({ a, b }) => printable(`${sign} ${nameOf(a)} ${nameOf(b)}`))
  return count > links.length ? [...rows, `${sign} and ${count - links.length} more`] : rows
}
