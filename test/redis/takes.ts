import type { Log } from '../../src/log/log.ts'
import { change } from '../log/fixture.ts'

/** Whether the log takes one more change, at its end as it is known here. */
export async function takes(log: Log): Promise<boolean> {
  const next = log.head().sequence + 1
  return log.append(next - 1, change(next)).then(
    () => true,
    () => false,
  )
}
