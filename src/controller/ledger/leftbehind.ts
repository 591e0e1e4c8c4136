import { join } from 'node:path'
import { WeftError } from '../../errors.ts'
import { checkBelongs } from '../../log/beside.ts'
import type { Head } from '../../log/log.ts'
import { realOf } from '../../log/realpath.ts'
import { readJournal } from '../../log/redis/journal.ts'
import { holds } from '../../log/source.ts'
import { JOURNAL_FILE, LOG_FILE } from '../home.ts'

/**
 * Makes sure that the embedded log of a data directory was not left behind when the log went to Redis: the journal beside it
 * says how far it came there. Throws `conflict`, also where it lies beside the write-ahead log of another, and nothing of it may
 * be open in this process. @param advice what to do if it is the one on Redis that was meant
 */
export function checkNotLeftBehind(dataDir: string, advice: string): void {
  const known = readJournal(join(dataDir, JOURNAL_FILE))
  if (known.sequence === 0) return
  const path = join(dataDir, LOG_FILE)
  // Before SQLite opens it: beside an empty file it deletes a write-ahead log, even where it is only to read.
  checkBelongs(realOf(path))
  if (!holds(path, known)) throw leftBehind(dataDir, known, advice)
}

function leftBehind(dataDir: string, { sequence }: Head, advice: string): WeftError {
  const message = `The log of ${dataDir} went to Redis, where entry ${sequence} was acknowledged; ${LOG_FILE} lacks it.`
  return new WeftError('conflict', message, {
    advice: `${advice} Remove ${JOURNAL_FILE} if ${LOG_FILE} is the log all the same.`,
  })
}
