import { open } from 'node:fs/promises'
import { exportLog } from '../../src/log/export.ts'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { appendAll } from './fixture.ts'

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
