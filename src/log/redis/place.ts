import { toWeftError, WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { connectTo, isRefusal, refusalText } from './client.ts'

/** Where the log is at the moment. */
export interface Place {
  readonly primary: Address
  /** `host:port` of every replica that may be made the primary without being asked, those that are down among them. */
  readonly promotable: readonly string[]
  /** Replicas that are never made the primary. */
  readonly bystanders: readonly string[]
  /** Which of those that can be asked say so, by `host:port`, and which do not, or say nothing. */
  readonly heard: readonly string[]
  readonly unheard: readonly string[]
}

/** Whether more than half of those that can be asked say so. */
export function isMajority({ heard, unheard }: Pick<Place, 'heard' | 'unheard'>): boolean {
  return heard.length > unheard.length
}

/** Milliseconds for each to answer; one that hangs must not keep the others from being heard. */
const ASK_LIMIT = 500

/**
 * Asks around where the primary is. Rejects with `store-unavailable` when nobody knows.
 * @param tag decides the slot; @param limit milliseconds for each to answer
 */
export function locate(site: Site, tag: string, limit = ASK_LIMIT): Promise<Place> {
  switch (site.kind) {
    case 'single':
      return Promise.resolve(soleServer(site))
    case 'sentinel':
      return fromSentinels(site, limit)
    case 'cluster':
      return fromCluster(site, tag, limit)
  }
}

function soleServer(site: Site): Place {
  const primary = first(site)
  return { primary, promotable: [], bystanders: [], heard: [addressText(primary)], unheard: [] }
}

function first({ servers: [server] }: Site): Address {
  if (server) return server
  throw new WeftError('internal', 'There is no Redis server.')
}

type Fields = Readonly<Record<string, string>>

interface Opinion {
  readonly epoch: number
  readonly primary: Address
  readonly promotable: readonly string[]
  readonly bystanders: readonly string[]
}

/** The Sentinels that know of the latest election are believed; of what they say about replicas, all of it. */
async function fromSentinels(site: Site, limit: number): Promise<Place> {
  const asked = await Promise.allSettled(site.servers.map((sentinel) => ask(site, sentinel, limit)))
  return believe('No Sentinel', site, asked)
}

/** Where the log is by those that know of the latest election, with every replica that any of them speaks of. */
function believe(
  who: string,
  site: Site,
  asked: readonly PromiseSettledResult<Opinion | undefined>[],
): Place {
  const opinions = asked.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
  const latest = Math.max(...opinions.map((one) => one?.epoch ?? Number.NEGATIVE_INFINITY))
  const believed = opinions.filter((one) => one?.epoch === latest).filter((one) => one !== undefined)
  const [one] = believed
  if (!one) throw nobody(who, site, asked)
  const own = addressText(one.primary)
  const promotable = new Set(believed.flatMap((each) => each.promotable).filter((replica) => replica !== own))
  const bystanders = new Set(believed.flatMap((each) => each.bystanders))
  return {
    primary: one.primary,
    promotable: [...promotable].toSorted(),
    bystanders: [...bystanders].filter((replica) => !promotable.has(replica)).toSorted(),
    ...byVoice(site, (at) => opinions[at]?.epoch === latest),
  }
}

function byVoice({ servers }: Site, isHeard: (at: number) => boolean): Pick<Place, 'heard' | 'unheard'> {
  const [heard = [], unheard = []] = [true, false].map((which) =>
    servers.filter((_, at) => isHeard(at) === which).map(addressText),
  )
  return { heard, unheard }
}

async function ask(site: Site, sentinel: Address, limit: number): Promise<Opinion> {
  const client = await connectTo(sentinel, { ...site.access, database: 0 }, limitsOf(limit))
  const look = async () => toFields(await client.call('SENTINEL', 'MASTER', site.name))
  try {
    const [before, current, list, after] = await Promise.all([
      look(),
      client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', site.name),
      client.call('SENTINEL', 'REPLICAS', site.name),
      look(),
    ])
    if (SAME.some((name) => before[name] !== after[name]))
      throw new WeftError('store-unavailable', 'The Sentinel changed its mind while it was asked.')
    const replicas = toList(list).map(toFields)
    const [bystanders = [], promotable = []] = [true, false].map((isNever) =>
      replicas.filter((replica) => (replica['slave-priority'] === '0') === isNever).map(addressOf),
    )
    return {
      epoch: Number(before['config-epoch']),
      // The one that leads a failover goes by the old name, and leaves it out of the replicas, until all others follow the
      // new primary: that may take its whole failover-timeout.
      primary: toAddress(current),
      promotable: [...promotable, addressOf(before)].map(addressText),
      bystanders: bystanders.map(addressText),
    }
  } finally {
    client.disconnect()
  }
}

function limitsOf(limit: number) {
  return { connectTimeout: limit, commandTimeout: limit }
}

/** What is another after every failover. */
const SAME = ['ip', 'port', 'config-epoch']

function addressOf({ ip = '', port }: Fields): Address {
  return { host: ip, port: Number(port) }
}

function toAddress(reply: unknown): Address {
  const [host = '', port] = toList(reply).map(String)
  return { host, port: Number(port) }
}

function toList(reply: unknown): unknown[] {
  return Array.isArray(reply) ? reply : []
}

/** `[name, value, name, value]` */
function toFields(reply: unknown): Fields {
  const parts = toList(reply).map(String)
  return Object.fromEntries(
    parts.flatMap((name, at) => (at % 2 === 0 ? [[name, parts[at + 1] ?? ''] as const] : [])),
  )
}

/** The same with the nodes of a Cluster, some of which may not have heard of a replica yet. */
async function fromCluster(site: Site, tag: string, limit: number): Promise<Place> {
  const asked = await Promise.allSettled(site.servers.map((node) => askNode(site, node, tag, limit)))
  return believe('No node of the Cluster', site, asked)
}

interface NodeLine {
  readonly id: string
  readonly address: Address
  readonly flags: readonly string[]
  readonly primary: string
  readonly epoch: number
  readonly slots: readonly string[]
}

async function askNode(site: Site, node: Address, tag: string, limit: number): Promise<Opinion | undefined> {
  const client = await connectTo(node, site.access, limitsOf(limit))
  try {
    const slot = Number(await client.call('CLUSTER', 'KEYSLOT', tag))
    const lines = String(await client.call('CLUSTER', 'NODES'))
      .split('\n')
      .filter(Boolean)
      .map((line) => toLine(line, node))
    const owner = lines.find(({ slots, flags }) => flags.includes('master') && holds(slots, slot))
    if (!owner) return undefined
    const namesOf = (isNever: boolean) =>
      lines
        .filter((line) => line.primary === owner.id && line.flags.includes('nofailover') === isNever)
        .map(({ address }) => addressText(address))
    return {
      epoch: owner.epoch,
      primary: owner.address,
      promotable: namesOf(false),
      bystanders: namesOf(true),
    }
  } finally {
    client.disconnect()
  }
}

/** `id ip:port@bus[,name] flags primary ping pong epoch link slots…` (https://redis.io/docs/latest/commands/cluster-nodes/) */
function toLine(line: string, asked: Address): NodeLine {
  const [id = '', place = '', flags = '', primary = '', , , epoch, , ...slots] = line.split(' ')
  const [, host = '', port] = /^(.*):(\d+)@/.exec(place) ?? []
  return {
    id,
    // A node that was never spoken to does not know its own address.
    address: { host: host || asked.host, port: Number(port) },
    flags: flags.split(','),
    primary,
    epoch: Number(epoch),
    slots,
  }
}

function holds(ranges: readonly string[], slot: number): boolean {
  return ranges.some((range) => {
    const [from, to = from] = range.split('-').map(Number)
    return !range.startsWith('[') && from !== undefined && to !== undefined && slot >= from && slot <= to
  })
}

function nobody(who: string, site: Site, asked: readonly PromiseSettledResult<unknown>[]): WeftError {
  const cause = asked.find((one) => one.status === 'rejected')?.reason
  const places = site.servers.map(addressText).join(', ')
  const why = asked.map((one) => one.status === 'rejected' && reasonFor(site, one.reason)).find(Boolean)
  const message = `${who} of ${places} knows where the log is${why ? `: ${why}` : ''}.`
  const { advice } = toWeftError(cause)
  return new WeftError('store-unavailable', message, { cause, ...(advice !== undefined && { advice }) })
}

/** What those that answer say is no; what the others do not say is in their error. Goes on from a colon. */
function reasonFor({ name }: Site, error: unknown): string {
  if (error instanceof WeftError) return sentence(error.message)
  if (!isRefusal(error)) return ''
  if (/unknown command/i.test(error.message)) return 'one is no Sentinel, but a server'
  if (/cluster support disabled/i.test(error.message)) return 'one is a server without Cluster'
  if (/no such master/i.test(error.message)) return `one knows no primary '${name}'`
  return sentence(refusalText(error))
}

/** Without its full stop. */
function sentence(text: string): string {
  return text.replace(/\.$/, '')
}
