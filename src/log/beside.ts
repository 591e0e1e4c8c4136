import { accessSync, closeSync, constants, openSync, readSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { WeftError } from '../errors.ts'

/** Whether SQLite is to keep what is written in a file beside: the versions in the header (https://sqlite.org/fileformat.html). */
const VERSIONS_AT = 18
const WITH_WAL = 2

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
 * Makes sure that the write-ahead log beside a log is its own. Throws `conflict` where a backup was copied over the log.db of
 * a log whose write-ahead log still lies there: SQLite would write that one's changes into the copy, which `VACUUM INTO` made
 * without one. As for `checkBeside`, nothing of it may be open in this process.
 */
export function checkBelongs(path: string): void {
  const size = sizeOf(path)
  if (size === undefined || !sizeOf(`${path}-wal`)) return
  if (size === 0) throw leftOver(path, '-wal')
  if (isReadable(path) && !writesAhead(path)) throw ofAnother(path)
}

/** The names of all files that are the log at `path`, for a sentence. */
export function filesOf(path: string): string {
  const name = basename(path)
  return `${name}, ${name}-wal and ${name}-shm`
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
  const file = openSync(path, 'r')
  try {
    const versions = Buffer.alloc(2)
    readSync(file, versions, { position: VERSIONS_AT })
    return versions.every((version) => version === WITH_WAL)
  } finally {
    closeSync(file)
  }
}

function leftOver(path: string, ending: string): WeftError {
  const message = `There is no log ${path}, but ${basename(path)}${ending} lies there, with changes of one that was taken away.`
  return new WeftError('conflict', message, {
    advice: `${filesOf(path)} are one log: put ${basename(path)} back, or move the rest to where it is; if it is called old.db there, they are old.db-wal and old.db-shm.`,
  })
}

function ofAnother(path: string): WeftError {
  const message = `${path} is a copy of a log, but the ${basename(path)}-wal beside it is of the one that was there before.`
  return new WeftError('conflict', message, {
    advice: `${filesOf(path)} are one log: move all of them away together, and bring the copy back with 'weft log import'.`,
  })
}
