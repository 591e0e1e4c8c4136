import { setTimeout as wait } from 'node:timers/promises'
import type { RedisServer } from './server.ts'
import { PRIMARY_NAME, type RedisSite } from './site.ts'

/** Who holds the log together, as those say who decide it. */
export interface Standing {
  /** How many elections there were, those that nobody won among them. */
  readonly elections: number
  /** Of the Sentinels or nodes that could be asked: whether a majority, and whether all, name one primary with all its replicas. */
  readonly isWhole: boolean
  readonly isAgreed: boolean
}

/** Milliseconds between two looks. */
const INTERVAL = 100

/** Looks again and again how a site stands, while something happens to it. */
export class Watch implements AsyncDisposable {
  readonly #stop = new AbortController()
  readonly #looking: Promise<void>
  /** Since when it is whole: the last time that it was not, and never later than that. */
  wholeSince = performance.now()

  constructor(site: RedisSite) {
    this.#looking = this.#look(site)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#looking
  }

  async #look(site: RedisSite): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const began = performance.now()
      const { isWhole } = await standingOf(site)
      if (!isWhole && !signal.aborted) this.wholeSince = began
      await wait(INTERVAL, undefined, { signal }).catch(() => undefined)
    }
  }
}

export function standingOf(site: RedisSite): Promise<Standing> {
  return site.sentinels.length > 0 ? bySentinels(site) : byNodes(site)
}

async function bySentinels({ sentinels, servers }: RedisSite): Promise<Standing> {
  const views = await Promise.all(sentinels.map(viewOf))
  const named = views.map(({ primary }) => primary)
  const votes = (one: string | undefined) => named.filter((other) => other === one).length
  const chosen = named.find((one) => one !== undefined && votes(one) * 2 > named.length)
  const primary = servers.find(({ place }) => place === chosen)
  const isWhole = primary !== undefined && (await followersOf(primary)) === servers.length - 1
  const isAgreed = isWhole && views.every((view) => view.primary === chosen && view.known === chosen)
  return { elections: Math.max(...views.map(({ epoch }) => epoch)), isWhole, isAgreed }
}

async function viewOf(sentinel: RedisServer) {
  const place = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME).catch(() => [])
  const fields = String(await sentinel.call('SENTINEL', 'MASTER', PRIMARY_NAME).catch(() => '')).split(',')
  const valueAt = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
  return {
    primary: Array.isArray(place) && place.length > 0 ? place.join(':') : undefined,
    /** The one before, while it leads a failover. */
    known: `${valueAt('ip')}:${valueAt('port')}`,
    epoch: Number(valueAt('config-epoch')),
  }
}

/** A node that was away takes itself for the owner of its slots until it has heard of the others. */
async function byNodes({ servers, tag }: RedisSite): Promise<Standing> {
  const views = await Promise.all(servers.map((server) => nodeView(server, tag)))
  const known = views.filter((view) => view !== undefined)
  const owners = new Set(known.map(({ owner }) => owner))
  const [owner] = owners
  const server = servers.find(({ place }) => place === owner)
  const isWhole = owners.size === 1 && server !== undefined && (await followersOf(server)) === 1
  const isAgreed = isWhole && known.length === servers.length
  return { elections: Math.max(...known.map(({ epoch }) => epoch)), isWhole, isAgreed }
}

async function nodeView(server: RedisServer, tag: string) {
  try {
    const slot = Number(await server.call('CLUSTER', 'KEYSLOT', tag))
    const lines = String(await server.call('CLUSTER', 'NODES')).split('\n')
    const owner = lines.map((line) => line.split(' ')).find((words) => words.slice(8).some(holds(slot)))
    const [, epoch] = /cluster_current_epoch:(\d+)/.exec(String(await server.call('CLUSTER', 'INFO'))) ?? []
    return { owner: owner?.[1]?.split('@')[0], epoch: Number(epoch) }
  } catch {
    return undefined
  }
}

function holds(slot: number): (range: string) => boolean {
  return (range) => {
    const [from = 0, to = from] = range.split('-').map(Number)
    return slot >= from && slot <= to
  }
}

/** How many replicas have come as far as to follow it; none if it is no primary. */
async function followersOf(server: RedisServer): Promise<number> {
  const info = String(await server.call('INFO', 'replication').catch(() => ''))
  return /^role:master/m.test(info) ? [...info.matchAll(/^slave\d+:.*state=online/gm)].length : 0
}
