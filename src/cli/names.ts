import type { Node } from '../api/schemas/node.ts'
import type { Client } from './client.ts'

/** What people call each node, by id. */
export async function nodeNames(client: Client): Promise<ReadonlyMap<string, string>> {
  const nodes = await client.list<Node>('/v1/nodes')
  return new Map(nodes.map(({ id, name }) => [id, name]))
}
