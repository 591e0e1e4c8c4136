import type { Client } from './client.ts'

/** What people call each node, by id. */
export async function nodeNames(client: Client): Promise<ReadonlyMap<string, string>> {
  const nodes = await client.list('listNodes')
  return new Map(nodes.map(({ id, name }) => [id, name]))
}
