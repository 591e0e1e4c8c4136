import { open } from 'node:fs/promises'
import { exportLog } from '../../src/log/export.ts'
import type { Log } from '../../src/log/log.ts'
import { headAt, sealSnapshot } from '../../src/log/snapshot.ts'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { encodeState } from '../../src/model/codec.ts'
import { emptyState } from '../../src/model/state.ts'
import { appendAll, change, FIRST, signing } from './fixture.ts'

/** Makes a log of so many entries at `path`, and an export of it. */
export async function writeExportOf(path: string, entries: number, file: string): Promise<void> {
  {
    await using log = await openSqliteLog(path)
    await appendAll(log, 1, entries)
  }
  using source = openSource(path)
  await using output = await open(file, 'wx')
  await output.writeFile(exportLog(source))
}

/** A running log of 40 entries with snapshots of 20 and 30; the first 15 were dropped. */
export async function compacted(path: string): Promise<Log> {
  const log = await openSqliteLog(path)
  for (let number = 1; number <= 40; number++)
    await log.append(number - 1, number === 1 ? FIRST : change(number))
  for (const at of [20, 30]) await log.keepSnapshot(await snapshot(log, at))
  await log.compact(15)
  return log
}

/** One of entry `at`, which says that the epoch is another if one is given. */
export async function snapshot(log: Log, at: number, epoch?: number) {
  let state = emptyState
  for await (const entry of log.read(1)) if (entry.sequence <= at) state = applyEntry(state, entry)
  const lines = [...encodeState({ ...state, epoch: epoch ?? state.epoch })].join('')
  return sealSnapshot(await headAt(log, at), new Uint8Array(Buffer.from(lines)), signing)
}
