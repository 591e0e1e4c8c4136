/** The part of JSON Schema that our settings and request bodies use. */
export interface ValueSchema {
  readonly type?: string
  /** Better words than the rest of the schema would give, for patterns above all. */
  readonly 'x-expects'?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly (ValueSchema & { readonly const?: unknown })[]
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly items?: ValueSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly properties?: Readonly<Record<string, ValueSchema>>
}

/** What `schema` takes, as words that end "… must be": `a whole number from 1 to 65535`, `one of mesh, star`. */
export function expectation(schema: ValueSchema): string {
  if (schema['x-expects']) return schema['x-expects']
  const choices = choicesOf(schema)
  if (choices) return choices.length === 1 ? `'${choices[0]}'` : `one of ${choices.join(', ')}`
  if (schema.anyOf) return alternatives(schema.anyOf)
  if (schema.format === 'date-time') return 'a time as in 2026-01-31T09:30:00Z'
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema.minimum, schema.maximum)}`
    case 'number':
      return `a number${range(schema.minimum, schema.maximum)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list${entries(schema)}, each ${expectation(schema.items ?? {})}`
    case 'object':
      return `an object${fields(schema)}`
    default:
      return `text${length(schema)}${form(schema)}`
  }
}

/** What can be given several times is told as one of them. */
function alternatives(parts: readonly ValueSchema[]): string {
  const single = parts.filter(({ type }) => type !== 'array')
  return [...new Set((single.length > 0 ? single : parts).map(expectation))].join(', or ')
}

/** The values of an enumeration, or undefined when `schema` is none. */
export function choicesOf(schema: ValueSchema): readonly string[] | undefined {
  if (schema.enum) return schema.enum.map(String)
  const constants = schema.anyOf?.map((part) => part.const)
  return constants?.every((constant) => typeof constant === 'string') ? constants : undefined
}

function fields({ minProperties = 0, properties = {} }: ValueSchema): string {
  return minProperties > 0 ? ` with at least one of ${Object.keys(properties).join(', ')}` : ''
}

function range(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`
  if (least !== undefined) return ` of ${least} or more`
  return most === undefined ? '' : ` of at most ${most}`
}

function entries({ minItems, maxItems }: ValueSchema): string {
  const bounds = [minItems && `at least ${minItems}`, maxItems && `at most ${maxItems}`].filter(Boolean)
  return bounds.length > 0 ? ` of ${bounds.join(' and ')}` : ''
}

function length({ minLength, maxLength }: ValueSchema): string {
  if (maxLength !== undefined) return ` of ${minLength ?? 0} to ${maxLength} characters`
  return minLength ? ' that is not empty' : ''
}

function form({ pattern }: ValueSchema): string {
  return pattern === undefined ? '' : ` of the form ${pattern}`
}
