import { Map as ImmutableMap } from 'immutable'
import { WeftError } from '../errors.ts'
import { emptyState, type Network, type Slots, type State } from './state.ts'

/**
 * How much of a state: `all` is what a snapshot keeps. `certain` leaves out what is not known after a snapshot of an earlier
 * release, so that a state is the same whether it was folded from such a one or from the beginning.
 */
type Extent = 'all' | 'certain'

/** Raise it when the meaning of something that is encoded changes. A field of `State` that is new begins as it is in `emptyState`. */
const FORMAT = 2
/** In format 1 what is in a map stands whole on one line, which is a case of format 2. */
const READABLE: ReadonlySet<unknown> = new Set([1, FORMAT])
/** Characters of a line, about: a large map is cut into many, and so is one thing that has large maps. */
const LINE = 8_192

/**
 * A state as lines of JSON, each made when it is asked for. Equal states have the same lines, whatever order their maps
 * have got: keys are sorted.
 */
export function* encodeState(state: State, extent: Extent = 'certain'): Generator<string, void, void> {
  const encoded = extent === 'all' ? state : certainOf(state)
  yield `${JSON.stringify({ format: FORMAT })}\n`
  for (const key of keysOf(fields)) {
    for (const part of encodeField(fields, encoded, key)) yield `["${key}",${part}]\n`
  }
}

/** Throws `unsupported` when another version of Weft wrote it, `log-damaged` when none did. */
export function decodeState(text: string): State {
  if (!text.endsWith('\n')) throw unreadable()
  const [header, ...lines] = text.slice(0, -1).split('\n').map(parseLine)
  const format = isObject(header) && 'format' in header ? header.format : undefined
  if (format === undefined) throw unreadable()
  if (!READABLE.has(format)) throw foreign(`is of format ${format}`)
  const parts: Record<string, unknown[]> = {}
  for (const line of lines) {
    if (!Array.isArray(line) || typeof line[0] !== 'string') throw unreadable()
    const [key, part] = line
    if (!Object.hasOwn(fields, key)) throw foreign(`has a part called ${key}`)
    parts[key] ??= []
    parts[key].push(part)
  }
  return decodeFields(fields, parts, emptyState)
}

/** A value as parts in JSON, each made when it is asked for, and back from what they say. */
interface Codec<Value> {
  readonly encode: (value: Value) => Iterable<string>
  readonly decode: (parts: readonly unknown[]) => Value
}

/** Every key, optional ones too: a field that is forgotten here does not compile. */
type CodecsOf<Value> = { readonly [Key in keyof Value]-?: Codec<Value[Key]> }

const slots: CodecsOf<Slots> = {
  next: plain(),
  free: plain(),
  tombstones: map(plain()),
  leftAt: map(plain()),
}

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

function certainOf(state: State): State {
  const networks = state.networks.map((network) => ({
    ...network,
    slots: { ...network.slots, leftAt: network.slots.leftAt.clear() },
  }))
  return { ...state, networks }
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
    encode: (value) => (value === undefined ? [] : [canonicalJson(value)]),
    decode: ([value]) => value as Value,
  }
}

function map<Key extends string, Value>(codec: Codec<Value>): Codec<ImmutableMap<Key, Value>> {
  function* entries(values: ImmutableMap<Key, Value>) {
    for (const key of [...values.keys()].sort())
      yield* entriesFor(key, codec.encode(values.get(key) as Value), [JSON.stringify([key])])
  }
  return {
    encode: (values) => inLines(entries(values)),
    decode: (parts) =>
      ImmutableMap<Key, Value>().withMutations((values) => {
        for (const [key, found] of entriesIn(parts)) values.set(key as Key, codec.decode(found))
      }),
  }
}

function record<Value>(codecs: CodecsOf<Value>): Codec<Value> {
  function* entries(value: Value) {
    for (const key of keysOf(codecs)) yield* entriesFor(String(key), encodeField(codecs, value, key))
  }
  return {
    encode: (value) => inLines(entries(value)),
    decode: (parts) => decodeFields(codecs, Object.fromEntries(entriesIn(parts))),
  }
}

/** An entry for each part of a value; what stands for a value of none is up to the caller. */
function* entriesFor(key: string, parts: Iterable<string>, none: readonly string[] = []) {
  let isEmpty = true
  for (const part of parts) {
    isEmpty = false
    yield `[${JSON.stringify(key)},${part}]`
  }
  if (isEmpty) yield* none
}

/** Arrays of some of the items each. */
function* inLines(items: Iterable<string>): Generator<string, void, void> {
  let line: string[] = []
  let length = 0
  for (const item of items) {
    line.push(item)
    length += item.length
    if (length < LINE) continue
    yield `[${line.join(',')}]`
    line = []
    length = 0
  }
  if (line.length > 0) yield `[${line.join(',')}]`
}

/** What `entriesFor` and `inLines` made: each key with all parts of its value. */
function* entriesIn(parts: readonly unknown[]): Generator<[key: string, found: unknown[]], void, void> {
  let entry: [string, unknown[]] | undefined
  for (const [key, ...found] of parts.flatMap(entriesOf)) {
    if (typeof key !== 'string') throw unreadable()
    if (entry?.[0] === key) {
      entry[1].push(...found)
      continue
    }
    if (entry) yield entry
    entry = [key, found]
  }
  if (entry) yield entry
}

/** Format 1 has an object for a record. */
function entriesOf(part: unknown): (readonly unknown[])[] {
  if (isObject(part)) return Object.entries(part).map(([key, found]) => [key, ...arrayOf(found)])
  return arrayOf(part).map(arrayOf)
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

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(inOrder(value))
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, inOrder(value[key])]))
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
