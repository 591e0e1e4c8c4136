import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Input } from '../client/api.ts'
import { eventTypes } from './eventtypes.ts'
import { duration } from './numbers.ts'

type Query = NonNullable<Input<'listHistory'>['query']>

/** Which entries of the log are wanted, as the options say it. */
export interface EntryFilters {
  readonly node?: string
  readonly actor?: string
  readonly action?: readonly Extract<Query['action'], string>[]
  readonly since?: string
  readonly until?: string
}

/** Adds those options. */
export function withEntryFilters(command: Command): Command {
  return command
    .option('--node <node>', 'only what is about it: id or name')
    .option('--actor <actor>', 'only what this one did: id or name')
    .addOption(new Option('--action <action>', 'only what has it; may be given again').argParser(eventTypes))
    .option('--since <time>', 'only from then on: 2026-01-31T09:30:00Z, or 2h, 7d ago', time)
    .option('--until <time>', 'only before then', time)
}

/** The same as REST takes it, and nothing else that is among the options. */
export function entryQuery({
  node,
  actor,
  action,
  since,
  until,
}: EntryFilters): Pick<Query, keyof EntryFilters> {
  return { node, actor, action, since, until }
}

/** An instant, as it is or as long ago, in RFC 3339. */
function time(text: string): string {
  const at = /^\d+[smhd]$/.test(text) ? Date.now() - duration(text) * 1_000 : Date.parse(text)
  if (Number.isFinite(at)) return new Date(at).toISOString()
  throw new InvalidArgumentError(
    'It must be a time as in 2026-01-31T09:30:00Z, or how long ago: 90s, 15m, 1h or 7d.',
  )
}
