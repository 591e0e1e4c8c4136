import Schema from 'typebox/schema'
import type { Place } from './fixture.ts'

interface Parameter {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: object
  readonly example?: unknown
}

export interface Media {
  readonly schema: unknown
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value?: unknown; readonly $ref?: string }>>
}

interface Reply {
  readonly headers?: Readonly<Record<string, { readonly description?: string }>>
  readonly content?: Readonly<Record<string, Media>>
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Reply & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Reply>>
}

export interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>
    readonly responses: Readonly<Record<string, Reply>>
  }
}

/** The OpenAPI document, as a client gets it. */
export async function documentOf(place: Place): Promise<Document> {
  return (await place.get('/openapi.json', { token: null })).body
}

/** Every operation as `METHOD /path/{name}`. */
export function operationsOf({ paths }: Document): Map<string, Operation> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
    ),
  )
}

/** Of every HTTP answer, or about how it may be kept and shown. */
const USUAL =
  /^(connection|keep-alive|date|content-(type|length|security-policy)|transfer-encoding|cache-control|x-content-type-options|set-cookie|referrer-policy)$/

/** The headers of an answer of which the document says nothing. */
export function undocumentedHeaders(
  { responses }: Pick<Operation, 'responses'>,
  { status, headers }: { readonly status: number; readonly headers: object },
): string[] {
  const known = Object.keys(responses[status]?.headers ?? {}).map((name) => name.toLowerCase())
  return Object.keys(headers).filter((name) => !USUAL.test(name) && !known.includes(name))
}

/** Why `value` does not fit `schema`, in which references are looked up in the document; empty when it fits. */
export function misfits(document: Document, schema: unknown, value: unknown): string[] {
  const [, errors] = Schema.Compile(closed(document, schema)).Errors(value)
  return errors.map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** The schema with its references put in place, and without room for fields that it does not name. */
export function closed(document: Document, schema: unknown): object {
  if (Array.isArray(schema)) return schema.map((one) => (isObject(one) ? closed(document, one) : one))
  if (!isObject(schema)) return {}
  if (typeof schema.$ref === 'string') {
    return closed(document, document.components.schemas[schema.$ref.split('/').at(-1) ?? ''])
  }
  const parts = Object.entries(schema).map(([key, part]) => [
    key,
    isObject(part) ? closed(document, part) : part,
  ])
  const extra = schema.properties ? { additionalProperties: false } : {}
  return { ...Object.fromEntries(parts), ...extra }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
