import type { Redis } from 'ioredis'

/** How many are named: those of other realms are among them. */
const NAMED = 8

/**
 * Who listens on a server to channels, with the ids that CLIENT KILL takes. Undefined when the user may not ask: controllers
 * need it for nothing else. Patterns come last, for they keep nothing from being done where the user may count (ARM).
 */
export async function listenersOn(client: Redis): Promise<readonly string[] | undefined> {
  const list = await client.client('LIST', 'TYPE', 'PUBSUB').catch(() => undefined)
  if (typeof list !== 'string') return undefined
  return list
    .split('\n')
    .map(toListener)
    .filter((one) => one !== undefined)
    .toSorted((one, other) => other.channels - one.channels)
    .slice(0, NAMED)
    .map(({ id, address, channels, patterns }) => {
      const heard = channels > 0 ? `channels: ${channels}` : `patterns: ${patterns}`
      return `${address} (id ${id}, ${heard})`
    })
}

function toListener(line: string) {
  const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1]
  const [id, address] = [field('id'), field('addr')]
  if (!id || !address) return undefined
  return { id, address, channels: Number(field('sub')), patterns: Number(field('psub')) }
}
