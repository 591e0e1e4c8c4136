import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

/** What a request asks for, as 22 characters: the same for the same method, address and JSON, however that is written. */
export function fingerprintOf({ method, url, body }: FastifyRequest): string {
  const text = JSON.stringify([method, url, sorted(body)])
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

/** The value with the fields of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([key, part]) => [key, sorted(part)])
}
