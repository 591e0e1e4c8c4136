import { WeftError } from '../../errors.ts'
import { type Level, UNASKED } from './check.ts'

// Why no changes go with those who follow a server, in words for who has to mend it.

const GONE =
  'One that follows no more may lack changes, so with a redis: URL it counts until it follows with that priority; where it never will again, or is the primary itself by now, and nobody can promote it besides, start the controllers anew.'

/** Of a level, or of a kind of URL, at which nobody can have a change beside the primary. */
export function mayBePromoted(level: Level, replicas: readonly string[]): WeftError {
  return new WeftError(
    'invalid-config',
    `The Redis server has replicas that may be promoted: ${replicas.join(', ')}.`,
    {
      field: 'redisLevel',
      advice: `${
        level === 'restart-only'
          ? "The level 'restart-only' is for one server: give the replicas replica-priority 0, or take 'strict'."
          : 'Say who promotes them with redis+sentinel: or redis+cluster: URLs, or give them replica-priority 0.'
      } ${GONE}`,
    },
  )
}

/**
 * Where one that may be promoted would stop changes: those of which nobody can say whether they may.
 * @param stay whether they count when they follow no more: they have answered, but not that
 */
export function cannotBeAsked(replicas: readonly string[], stay: boolean): WeftError {
  const message = `The Redis server has replicas that cannot be asked whether they may be promoted: ${replicas.join(', ')}.`
  return new WeftError('store-unavailable', message, {
    advice: `Let this controller reach them with the user of redisUrls, under the address that they announce, and give them replica-priority 0${stay ? `. ${UNASKED}` : '; or end them.'}`,
  })
}

/** Of those that follow no more: nobody can say whether they may. */
export function neverAsked(replicas: readonly string[]): WeftError {
  const message = `Redis replicas that were never asked whether they may be promoted follow no more: ${replicas.join(', ')}.`
  return new WeftError('store-unavailable', message, { advice: UNASKED })
}

/** Of replicas of which one alone can be asked, and one alone has to have a change: at all these addresses, if they are more. */
export function sharedAddress(replicas: readonly string[]): WeftError {
  const message = `Several Redis replicas follow by the same address: ${replicas.join(', ')}.`
  return new WeftError('store-unavailable', message, {
    advice: `Give each its own replica-announce-ip and replica-announce-port (in a Cluster too), and let it follow anew; where several addresses are named, one may answer at all of them. Changes go again once the one that answers there follows, and no other does by that address. Where there is one only, and it came back after its connection was lost, the primary forgets the old one within half a minute. ${UNASKED}`,
  })
}

const FORGETTING =
  'If it never will be, let one Sentinel after the other forget it (SENTINEL RESET), the next one only when the one before names the right num-slaves again; in a Cluster CLUSTER FORGET at every node.'

interface Attached {
  /** Those that follow and of whom neither Sentinels nor nodes speak. */
  readonly strangers: readonly string[]
  /** Those of the missing that follow, and are being given all there is: so they have nothing of the log, and may be promoted. */
  readonly filling: readonly string[]
}

export function missing(replicas: readonly string[], { strangers, filling }: Attached): WeftError {
  const known = replicas.join(', ')
  const alias = `Sentinels or nodes call it so. If it is what the primary calls ${strangers.join(', ')}, set replica-announce-ip and replica-announce-port there to the name in which they have it.`
  return new WeftError('store-unavailable', `A Redis replica is missing: ${known}.${danger(filling)}`, {
    advice: `Changes go again when it is back. ${strangers.length > 0 ? alias : FORGETTING}`,
  })
}

function danger(filling: readonly string[]): string {
  if (filling.length === 0) return ''
  return ` All there is is being given to ${filling.join(', ')}: if the primary ends before that is done, it may be promoted without the log.`
}

export function noneAttached(): WeftError {
  return new WeftError('store-unavailable', 'A Redis replica is missing: one that is attached.', {
    advice: 'Changes go again when there is one.',
  })
}

export function unheard(servers: readonly string[]): WeftError {
  const message = `Who may be promoted is not known: there is no word yet from ${servers.join(', ')}.`
  return new WeftError('store-unavailable', message, {
    advice:
      "At 'strict' more than half of the Sentinels or nodes have to be heard once. Look whether these run, know this primary, can be reached from here, and give the user of redisUrls all rights that deploy/replicas.md lists.",
  })
}

export function fewNamed({ named, all }: { readonly named: number; readonly all: number }): WeftError {
  const message = `Who may be promoted is not known: redisUrls names ${named} of ${all} Sentinels.`
  return new WeftError('store-unavailable', message, {
    advice:
      "At 'strict' more than half of them have to be named there, best all. If there are fewer by now, SENTINEL RESET makes each forget those that are gone: one Sentinel after the other.",
  })
}

/** @param nodes of a Cluster, of whatever slots */
export function roaming(nodes: readonly string[]): WeftError {
  const message = `Nodes of the Redis Cluster have cluster-allow-replica-migration 'yes': ${nodes.join(', ')}.`
  return new WeftError('invalid-config', message, {
    field: 'redisLevel',
    advice:
      "At the level 'strict' it has to be 'no' at every node, whatever its slots: set it in redis.conf and with CONFIG SET. A replica of others that comes to follow the primary may be elected before it was given the log.",
  })
}

/** @param nodes of a Cluster, of whatever slots */
export function unsettled(nodes: readonly string[]): WeftError {
  const message = `Whether nodes of the Redis Cluster have cluster-allow-replica-migration 'yes' is not known: there is no word yet from ${nodes.join(', ')}.`
  return new WeftError('store-unavailable', message, {
    advice:
      "At the level 'strict' each node that runs has to say 'no' once. Let this controller reach it, and the user of redisUrls run CONFIG GET there; or end it, and let all others forget it (CLUSTER FORGET).",
  })
}

export function nobodyKnown(): WeftError {
  return new WeftError('store-unavailable', 'No Redis replica is known that may be promoted.', {
    advice:
      "At 'strict' changes have to be on one besides the primary: let one follow it. A server that is to have none is for the level 'restart-only'.",
  })
}
