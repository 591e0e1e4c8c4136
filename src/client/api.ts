import { OPERATIONS, type Operations } from './operations.ts'

export type OperationId = keyof Operations
/** What an operation takes: names in its path, query, headers and body. */
export type Input<Id extends OperationId> = Operations[Id]['input']
export type Answer<Id extends OperationId> = Operations[Id]['answer']

/** Operations that can be tried without changing anything. */
export type Rehearsable = {
  [Id in OperationId]: Operations[Id] extends { readonly dryRun: unknown } ? Id : never
}[OperationId]
type WouldBe<Id extends Rehearsable> = Operations[Id] extends { readonly dryRun: infer Changes }
  ? Changes
  : never

/** Operations that answer one page of a list. */
type Listing = {
  [Id in OperationId]: Answer<Id> extends { readonly items: unknown[]; readonly next?: string } ? Id : never
}[OperationId]
type Item<Id extends Listing> = Answer<Id> extends { readonly items: (infer One)[] } ? One : never

/** The input may be left out where nothing in it is needed. */
type Given<Id extends OperationId> =
  Record<string, never> extends Input<Id>
    ? [input?: Input<Id>, signal?: AbortSignal]
    : [input: Input<Id>, signal?: AbortSignal]

/** An operation as it goes over the wire. */
export interface Call {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** An answer, and what its version is called. */
export interface Versioned<Value> {
  readonly answer: Value
  readonly etag: string | undefined
}

/**
 * Brings a call to the controller and its answer back, which is trusted to be as the document says (tests compare the two).
 * Rejects with what the controller refused it with.
 */
export type Transport = <Value>(call: Call) => Promise<Versioned<Value>>

/** Most items that the controller puts on one page. */
const PAGE = 1_000

/** Every operation of REST by its id, with its types, over any transport. */
export class Api {
  readonly #carry: Transport

  constructor(carry: Transport) {
    this.#carry = carry
  }

  async call<Id extends OperationId>(id: Id, ...given: Given<Id>): Promise<Answer<Id>> {
    return (await this.read(id, ...given)).answer
  }

  /** As `call`, with the ETag of the answer. */
  read<Id extends OperationId>(id: Id, ...[input, signal]: Given<Id>): Promise<Versioned<Answer<Id>>> {
    return this.#carry<Answer<Id>>(compose(id, input, signal))
  }

  /** What a change would do to links. Nothing is changed. */
  async rehearse<Id extends Rehearsable>(id: Id, input: Input<Id>): Promise<WouldBe<Id>> {
    return (await this.readRehearsal(id, input)).answer
  }

  /** As `rehearse`, with the ETag of the answer. */
  readRehearsal<Id extends Rehearsable>(id: Id, input: Input<Id>): Promise<Versioned<WouldBe<Id>>> {
    return this.#carry<WouldBe<Id>>(compose(id, withQuery(input, { dryRun: true })))
  }

  /** All items of a list, page by page; of more than `most` only the first pages that hold as many. */
  async list<Id extends Listing>(
    id: Id,
    input?: Input<Id>,
    most = Number.POSITIVE_INFINITY,
  ): Promise<Item<Id>[]> {
    const items: Item<Id>[] = []
    let cursor: string | undefined
    do {
      const call = compose(id, withQuery(input, { limit: PAGE, cursor }))
      const { answer } = await this.#carry<{ items: Item<Id>[]; next?: string }>(call)
      items.push(...answer.items)
      cursor = answer.next
    } while (cursor !== undefined && items.length < most)
    return items
  }
}

type Values = Readonly<Record<string, unknown>>

/** What all inputs have in common. */
interface AnyInput {
  readonly path?: Values
  readonly query?: Values
  readonly headers?: Values
  readonly body?: unknown
}

/** The call of an operation, for what is more than one question and one answer. */
export function callOf<Id extends OperationId>(id: Id, ...[input, signal]: Given<Id>): Call {
  return compose(id, input, signal)
}

/** A POST gets a key of its own, so that it is done once, however often it arrives. */
function compose(id: OperationId, input: AnyInput = {}, signal?: AbortSignal): Call {
  const [method, template] = OPERATIONS[id]
  const { path = {}, query = {}, headers = {}, body } = input
  return {
    method,
    path: `${filled(template, path)}${queryOf(query)}`,
    headers: {
      ...(method === 'POST' && { 'idempotency-key': crypto.randomUUID() }),
      ...Object.fromEntries(given(headers)),
    },
    body,
    signal,
  }
}

/** Names may hold anything, and stay one part of the path. */
function filled(template: string, names: Values): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name])))
}

/** What stands for a list is repeated. */
function queryOf(values: Values): string {
  const query = new URLSearchParams(given(values)).toString()
  return query === '' ? '' : `?${query}`
}

function given(values: Values): [name: string, value: string][] {
  return Object.entries(values).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== undefined)
      .map((one): [string, string] => [name, String(one)]),
  )
}

function withQuery(input: AnyInput = {}, query: Values): AnyInput {
  return { ...input, query: { ...input.query, ...query } }
}
