/**
 * A program that appends to a log until it is done or dies, and says what was acknowledged: a line of JSON for each entry
 * on stdout. When the log fails, the last line is the error. Arguments: path, how many appends, how many events in each.
 */
import { writeSync } from 'node:fs'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { change } from './fixture.ts'

const [path = '', appends = '0', size = '1'] = process.argv.slice(2)
const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)

await using log = await openSqliteLog(path)
say({ ready: process.pid })
const first = log.head().sequence
for (let done = 0; done < Number(appends); ) {
  const group = Math.min(1 + (done % 8), Number(appends) - done)
  const expected = Array.from({ length: group }, (_, index) => first + done + index)
  const appending = expected.map(async (sequence) => {
    const { entry } = await log.append(sequence, change(sequence + 1, Number(size)))
    say({ sequence: entry.sequence, hash: entry.hash })
  })
  const results = await Promise.allSettled(appending)
  if (results.some(({ status }) => status === 'rejected')) break
  done += group
}
const failure = await Promise.race([log.failed, undefined])
if (failure) say({ failed: failure.code })
