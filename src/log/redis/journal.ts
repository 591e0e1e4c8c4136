import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WeftError } from '../../errors.ts'
import { replaceFile } from '../../files.ts'
import { EMPTY, headOf, type Row } from '../chain.ts'
import type { Entry, Head } from '../log.ts'

/** Entries kept at hand: for readers that are a little behind, and to give back to a server that lost its last ones. */
const KEPT_ENTRIES = 8_192
/** Milliseconds between two writes of the file: what it says may be that much behind, never ahead. */
const SAVE_INTERVAL = 250

interface Kept {
  readonly row: Row
  readonly entry: Entry
}

/**
 * What this controller knows to be durable, kept apart from the server: how far the log went, and its last entries. A
 * server that knows less lost something. The head goes to a file as well, so that this shows after a restart too.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string | undefined
  readonly #realm: string
  readonly #kept = new Map<number, Kept>()
  readonly #operations = new Map<string, Entry>()
  #head: Head = EMPTY
  #recorded: Head
  #timer: NodeJS.Timeout | undefined
  #saving: Promise<void> = Promise.resolve()

  /**
   * @param path of the file; without one nothing outlives the process. Throws `invalid-config` when it is not ours.
   * @param realm of the log: what the file says of another one says nothing of this
   */
  constructor(path?: string, realm = '') {
    this.#path = path
    this.#realm = realm
    this.#recorded = path === undefined ? EMPTY : readJournal(path, realm)
  }

  /** The last entry that was read or written here. */
  get head(): Head {
    return this.#head
  }

  /** The furthest entry that was ever known to be durable, by an earlier run too. */
  get known(): Head {
    return this.#recorded.sequence > this.#head.sequence ? this.#recorded : this.#head
  }

  /** Starts behind `head`, which a snapshot or nothing at all stands for. */
  begin(head: Head): void {
    this.#kept.clear()
    this.#operations.clear()
    this.#head = headOf(head)
  }

  /** Takes the entry that follows the head. */
  take(row: Row, entry: Entry): void {
    this.#head = headOf(row)
    this.#kept.set(row.sequence, { row, entry })
    this.#operations.set(row.operation, entry)
    this.#drop(row.sequence - KEPT_ENTRIES)
    if (this.#path !== undefined) this.#timer ??= setTimeout(() => this.save(), SAVE_INTERVAL).unref()
  }

  /** The entry of an operation, if it is kept. */
  find(operation: string): Entry | undefined {
    return this.#operations.get(operation)
  }

  /** The log does not have the entries up to `sequence` any more. */
  dropTo(sequence: number): void {
    for (const kept of this.#kept.keys()) if (kept <= sequence) this.#drop(kept)
  }

  /** The kept entries behind `sequence`, `limit` at most; none when the next one is not kept. */
  entriesAfter(sequence: number, limit: number): Entry[] {
    return this.#after(sequence, limit).map(({ entry }) => entry)
  }

  /** All rows behind `sequence` to the last one that is known; undefined when they are not all kept. */
  rowsAfter(sequence: number): Row[] | undefined {
    const rows = this.#after(sequence, KEPT_ENTRIES).map(({ row }) => row)
    return rows.length === this.known.sequence - sequence ? rows : undefined
  }

  /** All that are kept, the oldest first. */
  rows(): Row[] {
    return [...this.#kept.values()].map(({ row }) => row)
  }

  /** Hash of entry `sequence`, if it is kept. */
  hashAt(sequence: number): string | undefined {
    if (sequence === this.known.sequence) return this.known.hash
    return this.#kept.get(sequence)?.row.hash
  }

  /** Forgets what was known, because the log without it counts from now on. */
  giveUp(): void {
    this.#recorded = EMPTY
    this.begin(EMPTY)
    this.save()
  }

  /** Writes down how far the log is known to have gone, after what is being written. */
  save(): void {
    clearTimeout(this.#timer)
    this.#saving = this.#saving.then(() => this.#write())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.save()
    await this.#saving
  }

  async #write(): Promise<void> {
    // From here on what comes is for the next time; until then, however slow the disk is, one is enough.
    this.#timer = undefined
    if (this.#path === undefined) return
    const { sequence, hash } = this.known
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await replaceFile(this.#path, `${JSON.stringify({ realm: this.#realm, sequence, hash })}\n`)
    } catch {
      // A full disk here must not stop a fleet: the file is a second witness, the other controllers are the first.
    }
  }

  #drop(sequence: number): void {
    const kept = this.#kept.get(sequence)
    if (!kept) return
    this.#kept.delete(sequence)
    this.#operations.delete(kept.row.operation)
  }

  #after(sequence: number, limit: number): Kept[] {
    const found: Kept[] = []
    for (let next = sequence + 1; found.length < limit; next++) {
      const kept = this.#kept.get(next)
      if (!kept) break
      found.push(kept)
    }
    return found
  }
}

/** How far a log was, by the file of a controller; of any realm if none is given. */
export function readJournal(path: string, realm?: string): Head {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return EMPTY
  }
  // A power cut can leave it without what was in it: then there is one witness less.
  if (/^[\s\0]*$/.test(text)) return EMPTY
  const value: unknown = parse(text)
  if (isHead(value)) return isOf(value, realm) ? headOf(value) : EMPTY
  throw new WeftError('invalid-config', `${path} does not say how far a log went.`, {
    field: 'dataDir',
    advice: 'Remove it only if you are sure that the Redis server has the whole log.',
  })
}

/** Earlier versions did not write down of which. */
function isOf(value: object, realm: string | undefined): boolean {
  return realm === undefined || !('realm' in value) || value.realm === realm
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null || !('sequence' in value && 'hash' in value)) return false
  return Number.isSafeInteger(value.sequence) && typeof value.hash === 'string'
}
