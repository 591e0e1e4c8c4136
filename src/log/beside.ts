import { accessSync, closeSync, constants, openSync, readSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { WeftError } from '../errors.ts'

/** Whether SQLite is to keep what is written in a file beside: the versions in the header (https://sqlite.org/fileformat.html). */
const VERSIONS_AT = 18
const WITH_WAL = 2

/** How a rollback journal begins that SQLite would play back, and where it says of which file it is: pages, and their size. */
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex')
const PAGES_AT = 16
const PAGE_SIZE_AT = 24

/**
 * What has to be so before SQLite opens the log at `path` to write, or makes it. Throws `conflict`. Reading the file takes away
 * the locks that this process has on it, so nothing of it may be open here.
 */
export function checkBeside(path: string): void {
  if (sizeOf(path) === undefined) checkNothingLeft(path)
  else checkBelongs(path)
}

/**
 * Makes sure that nothing lies where a log is to be made that SQLite would take for a part of it: whoever moves a log.db away
 * and forgets its write-ahead log has its last changes in there, and they would be written into the new one, or be deleted.
 * Throws `conflict`. What holds nothing is removed: a program that only reads leaves it behind.
 */
export function checkNothingLeft(path: string): void {
  for (const ending of ['-wal', '-journal']) if (sizeOf(path + ending)) throw leftOver(path, ending)
  for (const ending of ['-wal', '-journal', '-shm']) rmSync(path + ending, { force: true })
}

/**
 * Makes sure that what lies beside a log is its own. Throws `conflict` where a backup was copied over the log.db of a log whose
 * write-ahead log still lies there: SQLite would write that one's changes into the copy, which `VACUUM INTO` made without one;
 * or its rollback journal, by which SQLite would make the copy as large as that one was: empty, if it was killed in its first
 * moments. As for `checkBeside`, nothing of it may be open in this process.
 */
export function checkBelongs(path: string): void {
  const size = sizeOf(path)
  if (size === undefined) return
  if (!isJournalOf(path, size)) throw size === 0 ? leftOver(path, '-journal') : ofAnother(path, '-journal')
  if (!sizeOf(`${path}-wal`)) return
  if (size === 0) throw leftOver(path, '-wal')
  if (isReadable(path) && !writesAhead(path)) throw ofAnother(path, '-wal')
}

/** The names of all files that are the log at `path`, for a sentence. */
export function filesOf(path: string): string {
  const name = basename(path)
  return `${name}, ${name}-wal, ${name}-shm and ${name}-journal`
}

/** Undefined when there is none, or nobody may know: who opens it says that. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size
  } catch {
    return undefined
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function writesAhead(path: string): boolean {
  const versions = read(path, { position: VERSIONS_AT, length: 2 })
  return versions.every((version) => version === WITH_WAL)
}

/**
 * Whether a rollback journal that SQLite would play back may be of the log of this size. A log has one only until it is turned
 * to write ahead, which adds a first page to none and changes the first of others.
 */
function isJournalOf(path: string, size: number): boolean {
  const journal = `${path}-journal`
  if (!sizeOf(journal) || !isReadable(journal)) return true
  const header = read(journal, { position: 0, length: PAGE_SIZE_AT + 4 })
  if (!header.subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC)) return true
  const pages = header.readUInt32BE(PAGES_AT)
  const pageSize = header.readUInt32BE(PAGE_SIZE_AT)
  return pages === 0 ? size <= pageSize : size === pages * pageSize
}

/** Zeros where the file ends before that. */
function read(path: string, { position, length }: { readonly position: number; readonly length: number }) {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    readSync(file, bytes, { position })
    return bytes
  } finally {
    closeSync(file)
  }
}

function leftOver(path: string, ending: string): WeftError {
  const message = `There is no log ${path}, but ${basename(path)}${ending} lies there, with changes of one that was taken away.`
  return new WeftError('conflict', message, {
    advice: `${filesOf(path)} are one log: put ${basename(path)} back, or move the rest to where it is; if it is called old.db there, they are old.db-wal and so on.`,
  })
}

function ofAnother(path: string, ending: string): WeftError {
  const message = `${path} is a copy of a log, but the ${basename(path)}${ending} beside it is of the one that was there before.`
  return new WeftError('conflict', message, {
    advice: `${filesOf(path)} are one log: move all of them away together, and bring the copy back with 'weft log import'.`,
  })
}
