import Type from 'typebox'
import { NAME_PATTERN } from '../../model/names.ts'

/** A network or node as the user calls it. Ids have the form of names too, so one pattern keeps all else out. */
export function idOrName(what: string, example: string) {
  return Type.String({
    pattern: NAME_PATTERN,
    description: `Id or name of the ${what}.`,
    examples: [example],
    'x-expects': 'an id, or a name of lower-case letters, digits and inner hyphens',
  })
}

/** What may be said when a network is named. */
export const Name = Type.String({
  pattern: NAME_PATTERN,
  description: 'A DNS label, unique among its kind.',
  examples: ['demo'],
  'x-expects': 'a name of 1 to 63 lower-case letters, digits and inner hyphens',
})

export const TokenIdText = Type.String({
  pattern: '^tok-[a-z2-7]{16}$',
  description: 'Id of the token; its secret is another thing.',
  examples: ['tok-4tq2b7w3xk5lm6np'],
  'x-expects': "an id that begins with 'tok-'",
})

/** Printable text of any language; nothing that could move a terminal's cursor or turn the direction of writing. */
const PLAIN = '^(?! *$)[^\\p{C}\\p{Zl}\\p{Zp}]*$'

/** Text for people. */
export function plainText(maxLength: number, description: string, example: string) {
  return Type.String({
    maxLength,
    pattern: PLAIN,
    description,
    examples: [example],
    'x-expects': `text of 1 to ${maxLength} printable characters`,
  })
}

/** An instant, in UTC with milliseconds (RFC 3339). */
export function instant(description: string) {
  return Type.String({ format: 'date-time', description, examples: ['2026-01-31T09:30:00.000Z'] })
}

/** `schema`, or null for what is not known. JSON Schema's list of types is the form that is cheap to serialise. */
export function orNull<Schema extends Type.TSchema & { readonly type: string }>(schema: Schema) {
  return Type.Unsafe<Type.Static<Schema> | null>({ ...schema, type: [schema.type, 'null'] })
}

/** An object with a name of its own in the OpenAPI document. It has to be listed in document.ts. */
export function component<Properties extends Type.TProperties>(
  $id: string,
  description: string,
  properties: Properties,
) {
  return Object.assign(Type.Object(properties, { $id, description }), { $id, description })
}

export type Component<Schema extends Type.TSchema = Type.TSchema> = Schema & {
  readonly $id: string
  readonly description: string
}

/** A reference to a component; its description goes along, for the document shows it at each answer. */
export function refTo<Schema extends Type.TSchema>({ $id, description }: Component<Schema>) {
  return Type.Unsafe<Type.Static<Schema>>({ $ref: `${$id}#`, description })
}

/** The shape of every list: a page, and where the next one begins. @param note what else is to be known of its pages */
export function listOf<Schema extends Type.TSchema>(id: string, item: Component<Schema>, note?: string) {
  return component(id, 'One page of a list.', { items: Type.Array(refTo(item)), next: nextPage(note) })
}

export function nextPage(note = '') {
  return Type.Optional(
    Type.String({ description: `Cursor of the next page; absent on the last one. ${note}`.trim() }),
  )
}

/** Of lists for which there is a limit to what is read at a time. */
export const SPARSE = 'A page may hold less than its limit and yet have a next one.'

export const MAX_PAGE = 1_000
/** It holds a name of 64 characters, of which one can be four bytes, and an id. */
const LONGEST_CURSOR = 512
export const DEFAULT_PAGE = 100

export const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PAGE,
        default: DEFAULT_PAGE,
        description: 'Most items on one page.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: LONGEST_CURSOR,
        description: "The 'next' of the page before. Absent: the first page.",
      }),
    ),
  },
  { additionalProperties: false },
)
export type PageQuery = Type.Static<typeof PageQuery>

/** The query of a list that can be sorted and filtered. @param orders what it can be sorted by, the usual one first */
export function listQuery<Filters extends Type.TProperties>(orders: readonly string[], filters: Filters) {
  const sort = Type.Optional(
    Type.Enum([...orders, ...orders.map(reversed)], {
      default: orders[0],
      description: 'What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in.',
    }),
  )
  return Type.Object({ ...PageQuery.properties, sort, ...filters }, { additionalProperties: false })
}

function reversed(order: string): string {
  return order.startsWith('-') ? order.slice(1) : `-${order}`
}

/** Asks for the name of what is cut off. */
export const ConfirmQuery = Type.Object(
  {
    confirm: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'Its name, given back: needed when machines are cut off by it.',
        examples: ['demo'],
      }),
    ),
  },
  { additionalProperties: false },
)

/** A filter for names. */
export const nameFilter = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'Only those whose name contains this.',
    examples: ['web'],
  }),
)

const ifMatch = {
  'if-match': Type.Optional(
    Type.String({
      maxLength: 256,
      description: 'ETag of the version that is to be changed. Another one is not touched.',
      examples: ['"2jmj7l5rSw0yVb_vlWAYkK"'],
    }),
  ),
}

/** Headers of a change to what exists. */
export const MatchHeaders = Type.Object(ifMatch)

const operation = {
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,128}$',
      description:
        'Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made.',
      examples: ['5f1c2f0e-6f4b-4f0c-9a43-8f2f7c1f1d11'],
      'x-expects': '1 to 128 visible ASCII characters',
    }),
  ),
}

/** Other headers are nobody's business here, so they pass. */
export const OperationHeaders = Type.Object(operation)

/** Headers of a POST that changes what exists. */
export const ChangeHeaders = Type.Object({ ...operation, ...ifMatch })
