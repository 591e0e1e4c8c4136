import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../../errors.ts'
import { EMPTY, type Row } from '../chain.ts'
import type { Head } from '../log.ts'
import type { Level } from './check.ts'
import type { Journal } from './journal.ts'
import type { Link } from './link.ts'
import { listenersOn } from './listeners.ts'
import { ARM, REPLAY } from './scripts/arm.ts'
import type { LogStatus, ServerStatus } from './status.ts'

export interface FenceTools {
  readonly journal: Journal
  readonly level: Level
  /** Whether no log is to be begun. */
  readonly mustExist?: boolean
}

/** Milliseconds for the other controllers to say what they have acknowledged, before a server is armed. */
const CLAIM_WAIT = 300
/**
 * The same, where there is no log at all: that is once in a life, or a server that lost everything. Some controllers may be
 * looking for it still, the longer while Sentinels do not answer.
 */
const NEW_LOG_WAIT = 400
const NEW_LOG_WAIT_UNHEARD = 1_500

/** Rows read at a time to find out what is lost. */
const ROWS_COMPARED = 1_000

/** What came of looking at a server. */
export type Taken =
  /** It takes changes. `unwitnessed`: nobody could vouch for its history, which may be another now. */
  | { readonly kind: 'armed'; readonly unwitnessed: boolean }
  /** It is behind or astray of what is known to be durable. `everything`: there is no log on it at all. */
  | Lost

export interface Lost {
  readonly kind: 'lost'
  readonly everything: boolean
  readonly reason: WeftError
  /** Of what was acknowledged and is not there, as much as is still known here; the oldest first. */
  readonly rows: readonly Row[]
}

/**
 * Looks at a server that is to take changes, and arms it if nobody has yet. It has to know all that this controller knows
 * to be durable, on the same chain; what it lost at its end is given back if it is all here. Nothing may be written to one
 * that lost more. Rejects with `store-unavailable`: again in a moment.
 */
export async function takeUp(link: Link, { journal, level, mustExist }: FenceTools): Promise<Taken> {
  const first = await link.status()
  if (!first.isPrimary) throw replica(link, first)
  const isArmed = first.log?.armed === first.runId
  if (!isArmed) {
    await link.claim(journal.known.sequence)
    await wait(claimWait(link, first))
  }
  const { log } = isArmed ? first : await link.status()
  if (mustExist && headOf(log).sequence === 0) throw noLog(link)
  const known = journal.known.sequence
  const found = await compare(link, log, journal)
  const lost = async (reason: WeftError): Promise<Lost> => {
    return {
      kind: 'lost',
      everything: headOf(log).sequence === 0,
      reason,
      rows: await missing(link, log, journal),
    }
  }
  if (found instanceof WeftError) return lost(found)
  if (isArmed && found.length > 0) return lost(behind(journal.known, headOf(log)))
  if (found.length > 0) await giveBack(link, log, found)
  if (!isArmed || log?.level === '')
    await arm(link, found.length > 0 ? (await link.status()).log : log, level)
  return armed(!isArmed && known === 0 && headOf(log).sequence > 0)
}

function claimWait({ place }: Link, { log }: ServerStatus): number {
  if (log) return CLAIM_WAIT
  return place.unheard.length > 0 ? NEW_LOG_WAIT_UNHEARD : NEW_LOG_WAIT
}

function armed(unwitnessed: boolean): Taken {
  return { kind: 'armed', unwitnessed }
}

function headOf(log: LogStatus | undefined): Head {
  return log?.head ?? EMPTY
}

/** What the server lost and can be given back; or why it is not the log that we know. */
async function compare(
  link: Link,
  log: LogStatus | undefined,
  journal: Journal,
): Promise<readonly Row[] | WeftError> {
  const { known } = journal
  const head = headOf(log)
  // Nothing at all is no beginning of anything: a server that was flushed or replaced is the operator's to judge.
  if (known.sequence > 0 && head.sequence === 0) return emptied(known)
  if (known.sequence <= head.sequence) {
    const hash = log && (await hashAt(link, log, known.sequence))
    return hash === undefined || hash === known.hash ? [] : astray(known)
  }
  const rows = journal.rowsAfter(head.sequence)
  if (!rows) return behind(known, head)
  return journal.hashAt(head.sequence) === head.hash ? rows : astray(head)
}

/** Rows of the journal that are not on the server: all behind the last one on which both agree. */
async function missing(link: Link, log: LogStatus | undefined, journal: Journal): Promise<readonly Row[]> {
  const kept = journal.rows()
  const [first] = kept
  const end = headOf(log).sequence
  const there = new Set<string>()
  for (let from = first?.sequence ?? end + 1; from <= end; from += ROWS_COMPARED)
    for (const { hash } of await link.rows(from, end, ROWS_COMPARED)) there.add(hash)
  return kept.filter(({ hash }) => !there.has(hash))
}

/** Undefined for an entry that was dropped long ago. */
async function hashAt(link: Link, { head, base }: LogStatus, sequence: number): Promise<string | undefined> {
  const known = [EMPTY, base, head].find((one) => one.sequence === sequence)
  if (known) return known.hash
  if (sequence < base.sequence) return undefined
  const [row] = await link.rows(sequence, sequence, 1)
  return row?.hash ?? 'missing'
}

async function giveBack(link: Link, log: LogStatus | undefined, rows: readonly Row[]): Promise<void> {
  const head = headOf(log)
  const parts = rows.flatMap(({ operation, hash, payload }) => [operation, hash, Buffer.from(payload)])
  const [answer] = await link.run(REPLAY, [link.runId, String(head.sequence), head.hash, ...parts])
  if (answer !== 'done') throw later('The Redis server changed while it was looked at.')
}

async function arm(link: Link, log: LogStatus | undefined, level: Level): Promise<void> {
  const [answer, detail] = await link.run(ARM, [
    link.runId,
    log ? String(log.head.sequence) : '',
    log?.head.hash ?? '',
    level,
  ])
  if (answer === 'done') return
  if (answer === 'behind')
    throw later(`Another controller acknowledged entry ${detail}, which the server lacks.`)
  if (answer === 'attached') throw emptiedBeside(link, await listenersOn(link.side))
  throw later('The Redis server changed while it was looked at.')
}

const ADVICE =
  'No entry is written to it. Bring back the server that has the whole log, or read deploy/replicas.md on giving up what is missing.'

function emptied(known: Head): WeftError {
  const message = `The Redis server has no log, but entry ${known.sequence} was acknowledged: it lost its data.`
  return new WeftError('log-damaged', message, { advice: ADVICE })
}

function emptiedBeside({ name }: Link, listeners: readonly string[] | undefined): WeftError {
  const message = `The Redis server ${name} has no log, but another controller that read one there is connected to it.`
  return new WeftError('store-unavailable', message, {
    advice: `None is begun beside it: bring back the data. To begin a new log all the same, stop all controllers of the realm first; the connection of one that died, or of another program that listens to the channel, is ended by CLIENT KILL ID. ${holding(listeners)}`,
  })
}

function holding(listeners: readonly string[] | undefined): string {
  if (listeners) return `Who listens there: ${listeners.join(', ')}.`
  return 'Who listens there CLIENT LIST TYPE pubsub says; a program with PSUBSCRIBE counts as long as the user may not run pubsub|numsub.'
}

function behind(known: Head, head: Head): WeftError {
  const message = `The log on the Redis server ends at entry ${head.sequence}, but entry ${known.sequence} was acknowledged.`
  return new WeftError('log-damaged', message, { advice: ADVICE })
}

function astray({ sequence }: Head): WeftError {
  const message = `Entry ${sequence} of the log on the Redis server is not the one that was acknowledged.`
  return new WeftError('log-damaged', message, { advice: ADVICE })
}

function replica({ name }: Link, { follows }: ServerStatus): WeftError {
  return new WeftError('store-unavailable', `The Redis server ${name} is a replica of ${follows}.`, {
    advice: 'Give the URL of the primary, or redis+sentinel: or redis+cluster: URLs, which find it.',
  })
}

function noLog({ name }: Link): WeftError {
  return new WeftError('not-found', `The Redis server ${name} has no log.`)
}

function later(message: string): WeftError {
  return new WeftError('store-unavailable', message)
}
