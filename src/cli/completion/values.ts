import { ERROR_CODES } from '../../errors.ts'
import { EVENT_TYPES } from '../../model/event.ts'
import type { Client } from '../client.ts'
import { openClient } from '../connection.ts'
import { readProfiles } from '../profiles/store.ts'
import type { Question } from './words.ts'

/** Nobody waits longer for a tab. */
const PATIENCE = 2_000
/** As many as anybody reads. */
const MOST = 200

/** What there is of that name. Whatever is in the way, there is simply nothing to offer. */
export async function valuesNamed(question: Question): Promise<readonly string[]> {
  try {
    return await lookUp(question)
  } catch {
    return []
  }
}

async function lookUp({ name, commands, typed, options }: Question): Promise<readonly string[]> {
  if (name === 'code') return Object.keys(ERROR_CODES)
  if (name === 'action' || name === 'event') return EVENT_TYPES
  if (name === 'profile') return Object.keys(readProfiles().profiles)
  const fetch = FETCH[name === 'token' ? `${commands[0]}` : name]
  if (!fetch) return []
  using client = openClient(options)
  return await fetch(
    client,
    { limit: MOST, ...(typed !== '' && { name: typed }) },
    AbortSignal.timeout(PATIENCE),
  )
}

interface Query {
  readonly limit: number
  /** Part of a name. */
  readonly name?: string
}

type Fetch = (client: Client, query: Query, signal: AbortSignal) => Promise<string[]>

const networks: Fetch = async (client, query, signal) =>
  (await client.call('listNetworks', { query }, signal)).items.map(({ name }) => name)

const nodes: Fetch = async (client, query, signal) =>
  (await client.call('listNodes', { query }, signal)).items.map(({ name }) => name)

const projects: Fetch = async (client, query, signal) =>
  (await client.call('listProjects', { query }, signal)).items.map(({ name }) => name)

/** By the name of an option or argument; tokens by the command that they are of. */
const FETCH: Readonly<Record<string, Fetch>> = {
  network: networks,
  node: nodes,
  a: nodes,
  b: nodes,
  project: projects,
  other: projects,
  webhook: async (client, { limit }, signal) =>
    (await client.call('listWebhooks', { query: { limit } }, signal)).items.map(({ id }) => id),
  token: async (client, { limit }, signal) =>
    (await client.call('listTokens', { query: { limit } }, signal)).items.map(({ id }) => id),
  'api-token': async (client, { limit }, signal) =>
    (await client.call('listApiTokens', { query: { limit } }, signal)).items.map(({ id }) => id),
}
