import type { Redis } from 'ioredis'
import { type Address, addressText, type Site } from './address.ts'
import { connectTo, limitsOf } from './client.ts'
import type { Opinion } from './opinion.ts'

interface NodeLine {
  readonly id: string
  readonly address: Address
  /** `host:port` */
  readonly name: string
  readonly flags: readonly string[]
  readonly primary: string
  readonly epoch: number
  readonly slots: readonly string[]
}

interface Asking {
  readonly tag: string
  /** Milliseconds for it to answer. */
  readonly limit: number
}

/** A node of a Cluster, of whatever slots. */
export interface ClusterNode {
  readonly id: string
  /** `host:port` */
  readonly name: string
  /**
   * Whether it comes to follow another primary by itself, where that one has no replica any more: then it may be elected with
   * nothing of the log. Undefined: it does not say.
   */
  readonly isRoaming: boolean | undefined
}

/** What a node of a Cluster knows. */
interface Told {
  readonly nodes: readonly NodeLine[]
  readonly isRoaming: boolean | undefined
  /** Undefined: it knows no owner of the slot. */
  readonly opinion: Opinion | undefined
}

/** Asks a node who owns a slot, and for all the others. */
export async function askNode(site: Site, node: Address, { tag, limit }: Asking): Promise<Told> {
  const client = await connectTo(node, site.access, limitsOf(limit))
  try {
    const slot = Number(await client.call('CLUSTER', 'KEYSLOT', tag))
    const isRoaming = await roams(client)
    const nodes = String(await client.call('CLUSTER', 'NODES'))
      .split('\n')
      .filter(Boolean)
      .map((line) => toLine(line, node))
    const owner = nodes.find(
      (node) => node.flags.includes('master') && hasAddress(node) && holds(node.slots, slot),
    )
    if (!owner) return { nodes, isRoaming, opinion: undefined }
    const namesOf = (isNever: boolean) =>
      nodes
        .filter((line) => line.primary === owner.id && line.flags.includes('nofailover') === isNever)
        .map(({ name }) => name)
    const { epoch, address: primary } = owner
    const id = nodes.find(isSelf)?.id ?? addressText(node)
    const voices = nodes.filter(isThere).length
    return {
      nodes,
      isRoaming,
      opinion: { id, epoch, primary, promotable: namesOf(false), bystanders: namesOf(true), voices },
    }
  } finally {
    client.disconnect()
  }
}

async function roams(client: Redis): Promise<boolean | undefined> {
  const reply = await client.call('CONFIG', 'GET', 'cluster-allow-replica-migration').catch(() => undefined)
  return Array.isArray(reply) ? String(reply[1]) === 'yes' : undefined
}

/** @param believed ids of those whose word counts of who runs; each is believed of itself */
export function runningNodes(told: readonly Told[], believed: ReadonlySet<string>): readonly ClusterNode[] {
  const words = new Map(told.map(({ nodes, isRoaming }) => [nodes.find(isSelf)?.id, isRoaming] as const))
  const lines = told
    .filter(({ opinion }) => opinion && believed.has(opinion.id))
    .flatMap(({ nodes }) => nodes)
    // Nor one that nobody hears, which may never be agreed upon: it neither follows nor is elected before somebody does.
    .filter((node) => isThere(node) && !node.flags.includes('fail?'))
  const byId = new Map(lines.map(({ id, name }) => [id, name] as const))
  return [...byId].map(([id, name]) => ({ id, name, isRoaming: words.get(id) }))
}

/** Those of whom somebody told, and who were not asked: by their ids, for they may have been asked by another name. */
export function othersOf(asked: readonly Address[], told: readonly Told[]): readonly Address[] {
  const nodes = told.flatMap((one) => one.nodes)
  const answered = new Set(nodes.filter(isSelf).map(({ id }) => id))
  const known = new Set(asked.map(addressText))
  const others = nodes.filter((node) => isThere(node) && !answered.has(node.id))
  const byName = new Map(others.map(({ name, address }) => [name, address] as const))
  return [...byName].filter(([name]) => !known.has(name)).map(([, address]) => address)
}

function isSelf({ flags }: NodeLine): boolean {
  return flags.includes('myself')
}

/** Whether it can be asked, as far as others know: more than half of the primaries agree when one is gone (`fail`). */
function isThere({ flags }: NodeLine): boolean {
  return !flags.some((flag) => GONE.has(flag))
}

/** Another answers at the one that it had: so nobody knows where it is, and it may come back all the same. */
function hasAddress({ flags }: Pick<NodeLine, 'flags'>): boolean {
  return !flags.includes('noaddr')
}

const GONE: ReadonlySet<string> = new Set(['fail', 'noaddr', 'handshake'])

/** `id ip:port@bus[,name] flags primary ping pong epoch link slots…` (https://redis.io/docs/latest/commands/cluster-nodes/) */
function toLine(line: string, asked: Address): NodeLine {
  const [id = '', place = '', flags = '', primary = '', , , epoch, , ...slots] = line.split(' ')
  const [, host = '', port] = /^(.*):(\d+)@/.exec(place) ?? []
  // A node that was never spoken to does not know its own address.
  const address = { host: host || asked.host, port: Number(port) }
  const said = { flags: flags.split(',') }
  return {
    id,
    address,
    name: hasAddress(said) ? addressText(address) : `node ${id}`,
    ...said,
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
