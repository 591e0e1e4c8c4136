import type { Redis } from 'ioredis'
import { isRefusal } from './client.ts'
import type { Keys } from './keys.ts'

/** What counts the members of each of `Keys.all`, and is refused for a key of another type. */
const COUNTS = ['hlen', 'xlen', 'hlen', 'zcard', 'hlen', 'hlen', 'hlen', 'zcard'] as const

/** Those of the keys that somebody made anew as something else. Rejects with what the client says. */
export async function otherTyped(client: Redis, { all }: Keys): Promise<readonly string[]> {
  const pipeline = client.pipeline()
  for (const [at, key] of all.entries()) pipeline.call(COUNTS[at] ?? 'hlen', key)
  const replies = (await pipeline.exec()) ?? []
  return all.filter((_, at) => isOtherType(replies[at]?.[0]))
}

/** Whether a command was refused because of the type of a key. */
export function isOtherType(error: unknown): error is Error {
  return isRefusal(error) && error.message.startsWith('WRONGTYPE ')
}
