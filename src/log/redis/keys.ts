/** The keys of one log, all under one hash tag: so they are in one slot of a Cluster, and one script can touch them all. */
export interface Keys {
  /** In the order in which the scripts name them. */
  readonly all: readonly string[]
  readonly meta: string
  readonly stream: string
  readonly operations: string
  /** Operations that were refused lately, by when. */
  readonly refusals: string
  readonly snapshots: string
  /** A channel, which the scripts know by the name of `meta`. */
  readonly bell: string
  /** What is short-lived and never in the log: who is where. */
  readonly board: string
  /** What the hash tag is. */
  readonly tag: string
}

export function keysOf(realm: string): Keys {
  return keysBehind(realm, '')
}

/** Of a log that is not whole yet: `weft log import` writes it where no controller looks, in the same slot. */
export function importKeysOf(realm: string): Keys {
  return keysBehind(realm, 'import:')
}

function keysBehind(realm: string, prefix: string): Keys {
  const key = (name: string) => `{weft:${realm}}:${prefix}${name}`
  const [meta, stream, operations, refusals, snapshots, bell] = [
    key('meta'),
    key('log'),
    key('operations'),
    key('refusals'),
    key('snapshots'),
    key('bell'),
  ]
  return {
    all: [meta, stream, operations, key('turns'), snapshots, key('claims'), key('leases'), refusals],
    meta,
    stream,
    operations,
    refusals,
    snapshots,
    bell,
    board: key('board'),
    tag: `weft:${realm}`,
  }
}
