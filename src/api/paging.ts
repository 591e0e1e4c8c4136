import type { Map as ImmutableMap } from 'immutable'
import { WeftError } from '../errors.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import { DEFAULT_PAGE, type PageQuery } from './schemas/common.ts'

export interface Page<Item> {
  readonly items: Item[]
  readonly next?: string
}

/** How a list is made of a map: what a page shows, which entries it leaves out, and by what else it can be sorted. */
export interface Listing<Value, Item> {
  /** undefined: not to be seen. */
  readonly view: (value: Value) => Item | undefined
  /** Whether a value is wanted. Asked before `view`, so that what is not wanted costs little. */
  readonly keep?: ((value: Value) => boolean) | undefined
  /** What to sort by, by the name of the order; of an entry of the map it must always be the same. */
  readonly orders?: Readonly<Record<string, (value: Value) => string | number>>
}

/**
 * One page of a map, in the order of its keys or in one of `orders` (then of keys), backwards with a hyphen before it. The
 * cursor is the place of the last entry that was looked at, so pages neither skip nor repeat what stays while other
 * entries come and go. Throws `invalid-input` for a cursor that is none.
 */
export function pageOf<Value, Item>(
  map: ImmutableMap<string, Value>,
  { limit = DEFAULT_PAGE, cursor, sort = '' }: PageQuery & { readonly sort?: string },
  { view, keep = () => true, orders = {} }: Listing<Value, Item>,
): Page<Item> {
  const back = sort.startsWith('-')
  const order = back ? sort.slice(1) : sort
  const places = placesOf(map, order, Object.hasOwn(orders, order) ? orders[order] : undefined)
  const step = back ? -1 : 1
  let at = startAt(places, cursor, back)
  const items: Item[] = []
  for (; at >= 0 && at < places.length && items.length < limit; at += step) {
    const value = map.get(keyOf(places[at] ?? ''))
    const item = value !== undefined && keep(value) ? view(value) : undefined
    if (item !== undefined) items.push(item)
  }
  const last = places[at - step]
  const isMore = items.length === limit && at >= 0 && at < places.length
  return isMore && last !== undefined ? { items, next: toBase64Url(Buffer.from(last)) } : { items }
}

/** Whether it has a name with `part` in it. */
export function includes(named: { readonly name: string } | undefined, part: string): boolean {
  return named?.name.includes(part) ?? false
}

export function shown<Value, Item>(value: Value | undefined, view: (value: Value) => Item): Item | undefined {
  return value === undefined ? undefined : view(value)
}

/** Between what is sorted by and the key; in neither of them. */
const SEPARATOR = '\0'
/** Maps are never changed in place, so one that was sorted stays sorted. */
const sorted = new WeakMap<object, Map<string, readonly string[]>>()

/** Every entry as text that sorts as it should, and ends with the key. */
function placesOf<Value>(
  map: ImmutableMap<string, Value>,
  order: string,
  by: ((value: Value) => string | number) | undefined,
): readonly string[] {
  const known = sorted.get(map)?.get(order)
  if (known) return known
  const places = by
    ? [...map].map(([key, value]) => `${sortable(by(value))}${SEPARATOR}${key}`).sort()
    : [...map.keys()].sort()
  sorted.set(map, (sorted.get(map) ?? new Map<string, readonly string[]>()).set(order, places))
  return places
}

/** Digits of the largest number that is sorted by: milliseconds of the year 9999. */
const DIGITS = 15

function sortable(value: string | number): string {
  return typeof value === 'number' ? String(value).padStart(DIGITS, '0') : value
}

function keyOf(place: string): string {
  return place.slice(place.lastIndexOf(SEPARATOR) + 1)
}

function startAt(places: readonly string[], cursor: string | undefined, back: boolean): number {
  if (cursor === undefined) return back ? places.length - 1 : 0
  const last = readCursor(cursor)
  if (!back) return firstAfter(places, last)
  const after = firstAfter(places, last)
  return places[after - 1] === last ? after - 2 : after - 1
}

/** Index of the first place behind `cursor`, by halving. */
function firstAfter(places: readonly string[], cursor: string): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] ?? '') <= cursor) low = middle + 1
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
