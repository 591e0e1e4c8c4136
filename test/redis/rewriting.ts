import { readFile } from 'node:fs/promises'
import { eventually } from '../rig.ts'
import type { RedisServer } from './server.ts'

/** Microseconds for each key: a rewrite of any data takes longer than a test. */
export const SLOW_REWRITE = ['rdb-key-save-delay', '1000000000'] as const

/** Lets the rewrites of a server take no time again, and ends the slow one, which Redis then does anew. */
export async function endSlowRewrite(server: RedisServer): Promise<void> {
  await server.call('CONFIG', 'SET', 'rdb-key-save-delay', '0')
  const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
  for (const child of children.split(' ').filter(Boolean)) process.kill(Number(child), 'SIGUSR1')
  const isOver = async () => (await server.info('persistence', 'aof_rewrite_in_progress')) === '0'
  await eventually('the slow rewrite is over', isOver, 10_000)
}
