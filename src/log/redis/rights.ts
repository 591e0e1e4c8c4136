import { WeftError } from '../../errors.ts'
import type { Keys } from './keys.ts'
import type { Link } from './link.ts'
import { RIGHTS } from './scripts/rights.ts'

/**
 * Whether the user of Redis may do all that a log, and what its controllers tell each other, will ask for some day. Rejects
 * with `invalid-config`, which names what is missing: that is better known at the start than in a failover.
 */
export function checkRights(link: Link, keys: Keys): Promise<void> {
  return checkCommands(link, neededOn(keys))
}

/** The same for what is asked of an import only, which moves a log from some keys to others. */
export function checkMoving(link: Link, from: Keys, to: Keys): Promise<void> {
  return checkCommands(link, [['rename', from.meta, to.meta]])
}

async function checkCommands(link: Link, commands: readonly (readonly string[])[]): Promise<void> {
  const missing = await link.run(
    RIGHTS,
    commands.map((command) => command.join(' ')),
  )
  if (missing.length === 0) return
  const names = missing.map((command) => command.split(' ').slice(0, wordsIn(command)).join(' '))
  throw new WeftError(
    'invalid-config',
    `The Redis user may not do what a log needs: ${names.toSorted().join(', ')}.`,
    {
      field: 'redisUrls',
      advice: 'Give it the rights that deploy/replicas.md names, with ACL SETUSER on every server.',
    },
  )
}

/** Every command that is sent by itself or by a script, with arguments as it has them. */
function neededOn({ meta: hash, stream, refusals: set, bell, board }: Keys): string[][] {
  return [
    ...['hgetall', 'hkeys', 'hvals', 'hlen'].map((name) => [name, hash]),
    ['zcard', set],
    ...['hget', 'hmget', 'hdel', 'hexists'].map((name) => [name, hash, 'f']),
    ['hset', hash, 'f', 'v'],
    ['hincrby', hash, 'f', '1'],
    ['xadd', stream, '1-0', 'f', 'v'],
    ['xrange', stream, '-', '+'],
    ['xrevrange', stream, '+', '-'],
    ['xlen', stream],
    ['xtrim', stream, 'MINID', '=', '1'],
    ['zadd', set, '1', 'm'],
    ...['zrem', 'zscore', 'zmscore'].map((name) => [name, set, 'm']),
    ['zrange', set, '0', '1'],
    ['zremrangebyscore', set, '0', '1'],
    ['zremrangebyrank', set, '0', '1'],
    ['zcount', set, '0', '1'],
    ['pexpire', hash, '1'],
    ['unlink', hash],
    ['del', hash],
    ...[bell, board].flatMap((channel) => [
      ['publish', channel, 'm'],
      ['subscribe', channel],
    ]),
    ['info', 'replication'],
    ['time'],
    ['wait', '0', '1'],
    ['config', 'get', 'appendonly'],
  ]
}

/** Some commands are two words. */
function wordsIn(command: string): number {
  return command.startsWith('config ') ? 2 : 1
}
