import fc from 'fast-check'
import type { Chance } from './chance.ts'

/** The part of JSON Schema that our document uses. */
export interface Shape {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Shape[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Shape
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly properties?: Readonly<Record<string, Shape>>
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: boolean
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly examples?: readonly unknown[]
}

/** Of the form of API tokens, join tokens and secrets of webhooks: what may be in no error. */
export const PASTED = ['weft_', 'weftjoin1_', 'whsec_'].map((prefix) => `${prefix}${'s3cr3t'.repeat(7)}`)

/** What people type into the wrong place, or hope that somebody runs. */
export const NASTY = [
  '; reboot',
  '--help',
  '-rf',
  '../x',
  '..%2f..%2fetc',
  'x'.repeat(300),
  '😀',
  '\u200fabc',
  '\u202eabc',
  'a\u0000b',
  'a\nb',
  '\u001b[2J',
  '$(id)',
  '`id`',
  "' OR 1=1 --",
  '<script>',
  '%s%n',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'null',
  '',
  ' ',
  'ÄÖÜ',
  ...PASTED,
]

const SAMPLES = 40
const matching = new Map<string, readonly string[]>()

/** A value that fits the schema. `known` is asked first for what a field of this name could be. */
export function validValue(
  shape: Shape,
  chance: Chance,
  known: (name: string) => unknown = () => undefined,
  name = '',
): unknown {
  const given = known(name)
  if (given !== undefined && typeof given === typeOf(shape)) return given
  if (shape.enum) return chance.pick(shape.enum)
  if (shape.anyOf) return validValue(chance.pick(shape.anyOf), chance, known, name)
  switch (typeOf(shape)) {
    case 'boolean':
      return chance.once(2)
    case 'number':
      return number(shape, chance)
    case 'array':
      return list(shape, chance, known, name)
    case 'object':
      return object(shape, chance, known)
    default:
      return text(shape, chance)
  }
}

/** As `typeof` has it; arrays are `array`. */
function typeOf({ type, properties }: Shape): string {
  const one = Array.isArray(type) ? type[0] : type
  if (one === 'integer') return 'number'
  return one ?? (properties ? 'object' : 'string')
}

function number({ minimum = 0, maximum = 1_000 }: Shape, chance: Chance): number {
  return chance.pick([minimum, maximum, minimum + chance.below(maximum - minimum + 1)])
}

function list(shape: Shape, chance: Chance, known: (name: string) => unknown, name: string): unknown[] {
  const { items = {}, minItems = 0, maxItems = 3, uniqueItems } = shape
  const length = minItems + chance.below(Math.min(3, maxItems - minItems) + 1)
  const values = Array.from({ length }, () => validValue(items, chance, known, `${name}[]`))
  return uniqueItems ? [...new Set(values)] : values
}

function object(shape: Shape, chance: Chance, known: (name: string) => unknown): Record<string, unknown> {
  const { properties = {}, required = [], patternProperties = {}, minProperties = 0 } = shape
  const names = Object.keys(properties)
  const chosen = names.filter((name) => required.includes(name) || chance.once(2))
  const enough = chosen.length < minProperties ? names.slice(0, minProperties) : chosen
  const fields = enough.map((name) => [name, validValue(properties[name] ?? {}, chance, known, name)])
  for (const [pattern, value] of Object.entries(patternProperties)) {
    if (chance.once(2)) fields.push([sample(pattern, chance), validValue(value, chance, known)])
  }
  return Object.fromEntries(fields)
}

function text({ pattern, minLength = 0, maxLength = 20 }: Shape, chance: Chance): string {
  if (pattern !== undefined) return sample(pattern, chance).slice(0, maxLength)
  return 'abcdefghijklmnopqrst'.slice(0, Math.max(minLength, chance.below(Math.min(maxLength, 20) + 1)))
}

function sample(pattern: string, chance: Chance): string {
  const known = matching.get(pattern)
  if (known) return chance.pick(known)
  const usual = /\\p\{/.test(pattern) ? ['Zürich', '東京 7', 'a1', ''] : undefined
  const made = usual ?? fc.sample(fc.stringMatching(new RegExp(pattern)), { numRuns: SAMPLES, seed: 1 })
  matching.set(pattern, made)
  return chance.pick(made)
}
