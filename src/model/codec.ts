import { Map as ImmutableMap } from 'immutable'
import { WeftError } from '../errors.ts'
import { emptyState, type Network, type Slots, type State } from './state.ts'

/** Raise it when the meaning of something that is encoded changes. A field of `State` that is new begins as it is in `emptyState`. */
const FORMAT = 1
/** Entries of a map on one line: some 100 KB. */
const ENTRIES_A_LINE = 500

/**
 * A state as lines of JSON, each made when it is asked for. Equal states have the same lines, whatever order their maps
 * have got: keys are sorted.
 */
export function* encodeState(state: State): Generator<string, void, void> {
  yield `${JSON.stringify({ format: FORMAT })}\n`
  for (const key of keysOf(fields)) {
    for (const part of encodeField(fields, state, key)) yield `${canonicalJson([key, part])}\n`
  }
}

/** Throws `unsupported` when another version of Weft wrote it, `log-damaged` when none did. */
export function decodeState(text: string): State {
  if (!text.endsWith('\n')) throw unreadable()
  const [header, ...lines] = text.slice(0, -1).split('\n').map(parseLine)
  const format = isObject(header) && 'format' in header ? header.format : undefined
  if (format === undefined) throw unreadable()
  if (format !== FORMAT) throw foreign(`is of format ${format}`)
  const parts: Record<string, unknown[]> = {}
  for (const line of lines) {
    if (!Array.isArray(line) || typeof line[0] !== 'string') throw unreadable()
    if (!Object.hasOwn(fields, line[0])) throw foreign(`has a part called ${line[0]}`)
    parts[line[0]] = [...(parts[line[0]] ?? []), line[1]]
  }
  return decodeFields(fields, parts, emptyState)
}

/** A value as parts that JSON can hold, and back. */
interface Codec<Value> {
  readonly encode: (value: Value) => readonly unknown[]
  readonly decode: (parts: readonly unknown[]) => Value
}

/** Every key, optional ones too: a field that is forgotten here does not compile. */
type CodecsOf<Value> = { readonly [Key in keyof Value]-?: Codec<Value[Key]> }

const slots: CodecsOf<Slots> = { next: plain(), free: plain(), tombstones: map(plain()) }

const network: CodecsOf<Network> = {
  id: plain(),
  project: plain(),
  grants: map(plain()),
  name: plain(),
  ipv4: plain(),
  ipv6: plain(),
  nodePrefixLength: plain(),
  topology: plain(),
  policy: plain(),
  policyRevision: plain(),
  keyCustody: plain(),
  revision: plain(),
  createdAt: plain(),
  members: map(plain()),
  slots: record(slots),
}

const fields: CodecsOf<State> = {
  sequence: plain(),
  epoch: plain(),
  authority: plain(),
  projects: map(plain()),
  projectsByName: map(plain()),
  sharedNetworks: map(map(plain())),
  nodes: map(plain()),
  nodesByName: map(map(plain())),
  removedNodes: map(plain()),
  deletedNetworks: map(plain()),
  networks: map(record(network)),
  transit: plain(),
  networksByName: map(map(plain())),
  memberKeys: map(plain()),
  networksOfNode: map(map(plain())),
  apiTokens: map(plain()),
  apiTokensByHash: map(plain()),
  joinTokens: map(plain()),
  joinTokensByHash: map(plain()),
  webhooks: map(plain()),
}

/** What JSON holds as it is. A map, a class or a function in it makes it `never`, so that it needs a codec of its own. */
type Plain<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : Value extends (...args: never[]) => unknown
    ? never
    : { readonly [Key in keyof Value]: Plain<Value[Key]> }

/** JSON leaves out what is undefined, and the fields that are. The chain vouches for the types (log/snapshot.ts). */
function plain<Value>(..._: Value extends Plain<Value> ? [] : ['it needs a codec']): Codec<Value> {
  return {
    encode: (value) => (value === undefined ? [] : [value]),
    decode: ([value]) => value as Value,
  }
}

function map<Key extends string, Value>(codec: Codec<Value>): Codec<ImmutableMap<Key, Value>> {
  return {
    encode(values) {
      const entries = [...values].map(([key, value]) => [key, ...codec.encode(value)])
      const sorted = entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
      return chunks(sorted, ENTRIES_A_LINE)
    },
    decode: (parts) =>
      ImmutableMap<Key, Value>().withMutations((values) => {
        for (const [key, ...rest] of parts.flatMap(arrayOf).map(arrayOf)) {
          values.set(key as Key, codec.decode(rest))
        }
      }),
  }
}

function record<Value>(codecs: CodecsOf<Value>): Codec<Value> {
  return {
    encode: (value) => [
      Object.fromEntries(keysOf(codecs).map((key) => [key, encodeField(codecs, value, key)])),
    ],
    decode: ([parts]) => {
      if (!isObject(parts)) throw unreadable()
      return decodeFields(codecs, parts)
    },
  }
}

function encodeField<Value, Key extends keyof Value>(codecs: CodecsOf<Value>, value: Value, key: Key) {
  return codecs[key].encode(value[key])
}

/** A field of which there is no part is that of `initial`; else an empty map, or undefined. */
function decodeFields<Value>(
  codecs: CodecsOf<Value>,
  parts: Readonly<Record<string, unknown>>,
  initial?: Value,
): Value {
  const decode = <Key extends keyof Value>(key: Key): Value[Key] => {
    const found = parts[String(key)]
    return found === undefined && initial ? initial[key] : codecs[key].decode(arrayOf(found ?? []))
  }
  return Object.fromEntries(keysOf(codecs).map((key) => [key, decode(key)])) as Value
}

function keysOf<Value extends object>(value: Value): (keyof Value)[] {
  return Object.keys(value) as (keyof Value)[]
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isObject(inner) ? sortKeys(inner) : inner))
}

function sortKeys(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function arrayOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unreadable()
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw unreadable()
  }
}

function unreadable(): WeftError {
  return new WeftError('log-damaged', 'A snapshot cannot be read: it is not a state in lines of JSON.')
}

function foreign(what: string): WeftError {
  return new WeftError('unsupported', `A snapshot ${what}; another version of Weft wrote it.`, {
    advice: 'Use the version of Weft that wrote it, or a newer one.',
  })
}
