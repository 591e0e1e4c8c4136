import type { Map as ImmutableMap } from 'immutable'
import { WeftError } from '../errors.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import { DEFAULT_PAGE, type PageQuery } from './schemas/common.ts'

export interface Page<Item> {
  readonly items: Item[]
  readonly next?: string
}

/**
 * One page of a map, in the order of its keys, without those for which there is no view. The cursor is the last key of the page before, so pages neither skip nor
 * repeat what stays while other entries come and go. Throws `invalid-input` for a cursor that is none.
 */
export function pageOf<Value, Item>(
  map: ImmutableMap<string, Value>,
  query: PageQuery,
  view: (value: Value) => Item | undefined,
): Page<Item> {
  const keys = sortedKeys(map)
  const start = query.cursor === undefined ? 0 : firstAfter(keys, readCursor(query.cursor))
  const end = start + (query.limit ?? DEFAULT_PAGE)
  const values = keys.slice(start, end).map((key) => map.get(key))
  const items = values.map((value) => value && view(value)).filter((item) => item !== undefined)
  const last = keys[end - 1]
  return last !== undefined && end < keys.length ? { items, next: toBase64Url(Buffer.from(last)) } : { items }
}

/** Maps are never changed in place, so one that was sorted stays sorted. */
const sorted = new WeakMap<object, readonly string[]>()

function sortedKeys(map: ImmutableMap<string, unknown>): readonly string[] {
  const known = sorted.get(map)
  if (known) return known
  const keys = [...map.keys()].sort()
  sorted.set(map, keys)
  return keys
}

/** Index of the first key behind `cursor`, by halving. */
function firstAfter(keys: readonly string[], cursor: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') <= cursor) low = middle + 1
    else high = middle
  }
  return low
}

function readCursor(text: string): string {
  const bytes = fromBase64Url(text)
  if (bytes) return new TextDecoder().decode(bytes)
  throw new WeftError('invalid-input', 'The cursor is not one that a list answered.', {
    field: 'cursor',
    advice: "Give the 'next' of the page before as it is, or leave cursor out.",
  })
}
