import { WeftError } from '../../errors.ts'
import type { Level } from './check.ts'
import type { Link } from './link.ts'
import type { ServerStatus } from './status.ts'

/**
 * Throws `invalid-config` when the controllers of a log keep to another level: what one of them takes for durable, the others
 * would believe. A log without one is of whoever arms it first; that is also how a fleet changes it.
 */
export function checkLevel(link: Link, { log }: ServerStatus, own: Level): void {
  if (!log?.level || log.level === own) return
  const { host, port } = link.place.primary
  const message = `The log is kept at the level '${log.level}', and this controller is set to '${own}'.`
  throw new WeftError('invalid-config', message, {
    field: 'redisLevel',
    advice: `Give all controllers of a realm the same redisLevel. To change it for all: stop them all, then redis-cli -h ${host} -p ${port} HDEL '${link.keys.meta}' level, and start them with the new one.`,
  })
}
