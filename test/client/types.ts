/** The part of JSON Schema that the document uses. */
interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly description?: string
}

/**
 * Writes types for schemas. What is handed in may be read-only and undefined where it may be left out; what is answered is
 * the caller's.
 */
export class Writer {
  readonly #way: 'input' | 'answer'

  constructor(way: 'input' | 'answer') {
    this.#way = way
  }

  type(schema: unknown, indent: string): string {
    return this.alternatives(schema, indent).join(' | ')
  }

  /** @param indent of the line that the type stands in */
  alternatives(schema: unknown, indent: string): string[] {
    const { $ref, type, enum: values, anyOf } = toSchema(schema)
    if ($ref !== undefined) return [$ref.split('/').at(-1) ?? '']
    if (anyOf) return anyOf.flatMap((one) => this.alternatives(one, indent))
    if (values) return values.map(literal)
    const types = typeof type === 'string' ? [type] : (type ?? [])
    if (types.length === 0) throw new Error(`There is no type for ${JSON.stringify(schema)}.`)
    return [...new Set(types.map((one) => this.#named(one, toSchema(schema), indent)))]
  }

  #named(type: string, schema: JsonSchema, indent: string): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type
      case 'integer':
      case 'number':
        return 'number'
      case 'array':
        return this.#array(schema, indent)
      case 'object':
        return this.#object(schema, indent)
      default:
        throw new Error(`There is no type for '${type}'.`)
    }
  }

  #array({ items }: JsonSchema, indent: string): string {
    const choices = this.alternatives(items, indent)
    const item = choices.length > 1 ? `(${choices.join(' | ')})` : choices[0]
    return this.#way === 'input' ? `readonly ${item}[]` : `${item}[]`
  }

  #object({ properties, required = [], additionalProperties }: JsonSchema, indent: string): string {
    if (!properties) {
      const value =
        typeof additionalProperties === 'object' ? this.type(additionalProperties, indent) : 'unknown'
      return `Readonly<Record<string, ${value}>>`
    }
    const inner = `${indent}  `
    const lines = Object.entries(properties).map(([name, schema]) => {
      const key = /^[a-z]\w*$/i.test(name) ? name : literal(name)
      const type = this.type(schema, inner)
      const isOptional = !required.includes(name)
      const absent = isOptional && this.#way === 'input' ? ' | undefined' : ''
      return `${note(schema.description, inner)}${inner}readonly ${key}${isOptional ? '?' : ''}: ${type}${absent}\n`
    })
    return `{\n${lines.join('')}${indent}}`
  }
}

function toSchema(value: unknown): JsonSchema {
  if (typeof value === 'object' && value !== null) return value
  throw new Error(`${JSON.stringify(value)} is no schema.`)
}

function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function note(description: string | undefined, indent: string): string {
  return description ? `${indent}/** ${description.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n` : ''
}
