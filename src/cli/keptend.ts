import { join } from 'node:path'
import { HEAD_FILE, readKeptHead } from '../controller/ledger/kepthead.ts'
import { toWeftError, type WeftError } from '../errors.ts'
import { holds } from '../log/source.ts'
import { type Known, verifyLog } from '../log/verify.ts'
import { warn } from './fleetlog.ts'

/** Where the log of a data directory once stood, as its controller noted beside it; what the log itself does not tell is only said. */
export async function keptEnd(dataDir: string): Promise<Known> {
  const signed = await readKeptHead(join(dataDir, HEAD_FILE))
  return { signed, onDoubt: ({ message }) => warn([message]) }
}

/** What `weft log verify` says of the end of a log that lacks what was noted beside it; undefined when it has that. */
export async function wrongEnd(path: string, dataDir: string): Promise<WeftError | undefined> {
  try {
    const known = await keptEnd(dataDir)
    if (known.signed && !holds(path, known.signed)) await verifyLog(path, known)
    return undefined
  } catch (error) {
    return toWeftError(error)
  }
}
