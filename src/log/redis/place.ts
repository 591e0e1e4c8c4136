import { toWeftError, WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { isRefusal, refusalText } from './client.ts'
import { askNode, type ClusterNode, othersOf, runningNodes } from './nodes.ts'
import type { Opinion } from './opinion.ts'
import { askSentinel } from './sentinel.ts'

/** One of those who decide who is promoted: by the id that it has itself, for the same one may be named twice. */
export interface Voice {
  /** `host:port` */
  readonly name: string
  readonly id: string
}

/** Where the log is at the moment. */
export interface Place {
  readonly primary: Address
  /** `host:port` of every replica that may be made the primary without being asked, those that are down among them. */
  readonly promotable: readonly string[]
  /** Replicas that are never made the primary. */
  readonly bystanders: readonly string[]
  /** Which of those that can be asked say so, each once, and which do not, or say nothing, by `host:port`. */
  readonly heard: readonly Voice[]
  readonly unheard: readonly string[]
  /** How many there are, as far as those know that were heard: more than can be asked, where not all of them were named. */
  readonly voices: number
  /** All nodes of a Cluster that run, as far as those know that were heard. */
  readonly nodes: readonly ClusterNode[]
}

/** Whether more than half of all say so, those among them that nobody named. */
export function isMajority({ heard, unheard, voices }: Pick<Place, 'heard' | 'unheard' | 'voices'>): boolean {
  const count = new Set(heard.map(({ id }) => id)).size
  return count * 2 > Math.max(voices, count + unheard.length)
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
  const name = addressText(primary)
  const heard = [{ name, id: name }]
  return { primary, promotable: [], bystanders: [], heard, unheard: [], voices: 1, nodes: [] }
}

function first({ servers: [server] }: Site): Address {
  if (server) return server
  throw new WeftError('internal', 'There is no Redis server.')
}

/** The Sentinels that know of the latest election are believed; of what they say about replicas, all of it. */
async function fromSentinels(site: Site, limit: number): Promise<Place> {
  const asked = await Promise.allSettled(site.servers.map((sentinel) => askSentinel(site, sentinel, limit)))
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
    voices: Math.max(...believed.map(({ voices }) => voices)),
    nodes: [],
    ...byVoice(
      site,
      opinions.map((each) => (each?.epoch === latest ? each.id : undefined)),
    ),
  }
}

/** @param ids of those that were heard, in the order of the servers; the second name of one is neither heard nor unheard */
function byVoice({ servers }: Site, ids: readonly (string | undefined)[]): Pick<Place, 'heard' | 'unheard'> {
  const names = servers.map(addressText)
  return {
    heard: names.flatMap((name, at) => {
      const id = ids[at]
      return id === undefined || ids.indexOf(id) !== at ? [] : [{ name, id }]
    }),
    unheard: names.filter((_, at) => ids[at] === undefined),
  }
}

/** The same with the nodes of a Cluster, some of which may not have heard of a replica yet: all that the named ones know. */
async function fromCluster(site: Site, tag: string, limit: number): Promise<Place> {
  const ask = (nodes: readonly Address[]) =>
    Promise.allSettled(nodes.map((node) => askNode(site, node, { tag, limit })))
  const named = await ask(site.servers)
  const others = othersOf(
    site.servers,
    named.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
  )
  const asked = [...named, ...(await ask(others))]
  const servers = [...site.servers, ...others]
  const opinions = asked.map((one) =>
    one.status === 'fulfilled' ? { ...one, value: one.value.opinion } : one,
  )
  const place = believe('No node of the Cluster', { ...site, servers }, opinions)
  const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return { ...place, nodes: runningNodes(told, new Set(place.heard.map(({ id }) => id))) }
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
