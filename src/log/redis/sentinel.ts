import { WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { connectTo, limitsOf } from './client.ts'
import type { Opinion } from './opinion.ts'

/** What a Sentinel says. Rejects when it does not answer, or knows no such primary. @param limit milliseconds for it to answer */
export async function askSentinel(site: Site, sentinel: Address, limit: number): Promise<Opinion> {
  const client = await connectTo(sentinel, { ...site.access, database: 0 }, limitsOf(limit))
  const look = async () => toFields(await client.call('SENTINEL', 'MASTER', site.name))
  try {
    const [id, before, current, list, after] = await Promise.all([
      client.call('SENTINEL', 'MYID'),
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
      id: String(id),
      epoch: Number(before['config-epoch']),
      // The one that leads a failover goes by the old name, and leaves it out of the replicas, until all others follow the
      // new primary: that may take its whole failover-timeout.
      primary: toAddress(current),
      promotable: [...promotable, addressOf(before)].map(addressText),
      bystanders: bystanders.map(addressText),
      // One that was reset knows no others for a moment; it still knows how many have to agree.
      voices: Math.max(1 + Number(after['num-other-sentinels'] ?? 0), Number(after.quorum ?? 0)),
    }
  } finally {
    client.disconnect()
  }
}

/** What is another after every failover. */
const SAME = ['ip', 'port', 'config-epoch']

type Fields = Readonly<Record<string, string>>

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
