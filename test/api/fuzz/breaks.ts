import type { Chance } from './chance.ts'
import { NASTY, PASTED, type Shape } from './values.ts'

type Break = (value: unknown) => unknown

/** A value that fits but for one constraint of the schema, somewhere in it. undefined: there is none that could be broken. */
export function brokenValue(
  shape: Shape,
  value: unknown,
  chance: Chance,
): { readonly value: unknown } | undefined {
  const places = breaksOf(shape, value, chance)
  return places.length > 0 ? { value: chance.pick(places)() } : undefined
}

/** Every way to break one constraint, each making the whole value anew. */
function breaksOf(shape: Shape, value: unknown, chance: Chance): (() => unknown)[] {
  const own = constraintsOf(shape, chance).map((broken) => () => broken(value))
  return [...own, ...insideObject(shape, value, chance), ...insideList(shape, value, chance)]
}

function insideObject(shape: Shape, value: unknown, chance: Chance): (() => unknown)[] {
  if (!isRecord(value)) return []
  const { properties = {} } = shape
  return Object.entries(value).flatMap(([name, part]) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!inner) return []
    return breaksOf(inner, part, chance).map((make) => () => ({ ...value, [name]: make() }))
  })
}

function insideList({ items }: Shape, value: unknown, chance: Chance): (() => unknown)[] {
  if (!Array.isArray(value) || !items) return []
  return value.flatMap((part, at) =>
    breaksOf(items, part, chance).map((make) => () => value.with(at, make())),
  )
}

/** The constraints of the schema itself, each as what a value that breaks it would be. */
function constraintsOf(shape: Shape, chance: Chance): Break[] {
  const { type, enum: choices, anyOf, pattern, minLength, maxLength, minimum, maximum } = shape
  if (anyOf) return [() => ({ not: 'any of them' })]
  const breaks: Break[] = []
  if (type !== undefined) breaks.push(() => WRONG_TYPE[String(type)] ?? { wrong: true })
  if (choices)
    breaks.push(
      () => 'no such choice',
      () => chance.pick(NASTY),
    )
  if (pattern !== undefined) breaks.push(() => misfit(pattern, chance))
  if (minLength !== undefined && minLength > 0) breaks.push(() => '')
  if (maxLength !== undefined) breaks.push(() => 'x'.repeat(maxLength + 1))
  if (minimum !== undefined) breaks.push(() => minimum - 1)
  if (maximum !== undefined) breaks.push(() => maximum + 1)
  if (type === 'integer') breaks.push(() => 1.5)
  return [...breaks, ...listConstraints(shape), ...objectConstraints(shape, chance)]
}

function listConstraints({ type, minItems, maxItems, uniqueItems }: Shape): Break[] {
  if (type !== 'array') return []
  const breaks: Break[] = []
  const repeat = (value: unknown, times: number) => Array.from({ length: times }, () => first(value))
  if (minItems !== undefined && minItems > 0) breaks.push(() => [])
  if (maxItems !== undefined) breaks.push((value) => repeat(value, maxItems + 1))
  if (uniqueItems) breaks.push((value) => (first(value) === undefined ? { no: 'list' } : repeat(value, 2)))
  return breaks
}

function objectConstraints(shape: Shape, chance: Chance): Break[] {
  const { required = [], additionalProperties, minProperties } = shape
  const breaks: Break[] = required.map((name) => (value) => {
    const { [name]: _, ...rest } = { ...(isRecord(value) ? value : {}) }
    return rest
  })
  if (additionalProperties === false) {
    breaks.push((value) => ({ ...(isRecord(value) ? value : {}), [`${chance.pick(EXTRA)}`]: 1 }))
  }
  if (minProperties !== undefined && minProperties > 0) breaks.push(() => ({}))
  return breaks
}

/** Fields that attackers hope to assign, besides what is only unknown. */
const EXTRA = [
  'extra',
  'id',
  'hash',
  'createdAt',
  'revision',
  'permissions',
  'admin',
  'a b',
  'toString',
  ...PASTED,
]

const WRONG_TYPE: Readonly<Record<string, unknown>> = {
  string: { not: 'text' },
  integer: 'many',
  number: 'much',
  boolean: 'perhaps',
  array: { not: 'a list' },
  object: ['not', 'an', 'object'],
}

function misfit(pattern: string, chance: Chance): unknown {
  const form = new RegExp(pattern, /\\p\{/.test(pattern) ? 'u' : '')
  const wrong = NASTY.filter((text) => !form.test(text))
  return wrong.length > 0 ? chance.pick(wrong) : { no: 'text' }
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
