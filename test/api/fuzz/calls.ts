import type { Operation } from '../document.ts'
import type { InsideCall } from '../inside.ts'
import { brokenValue } from './breaks.ts'
import type { Chance } from './chance.ts'
import { type Shape, validValue } from './values.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Shape
}

export interface FuzzOperation {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Shape }>> }
  readonly responses: Operation['responses']
}

export interface FuzzCall {
  readonly method: string
  readonly path: string
  readonly options: InsideCall
  /** Whether exactly one constraint is broken. */
  readonly broken: boolean
}

/** Makes calls of an operation that are as its description says, or are not in one place. */
export class Caller {
  readonly #chance: Chance
  readonly #known: (name: string) => unknown

  /** @param known what a field or parameter of this name can be, of what is there */
  constructor(chance: Chance, known: (name: string) => unknown) {
    this.#chance = chance
    this.#known = known
  }

  call(method: string, template: string, operation: FuzzOperation, wantBroken: boolean): FuzzCall {
    const { parameters = [] } = operation
    const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
    const parts = parameters
      // A global token that names no project acts in the default one, where little is.
      .filter(
        ({ required, name }) =>
          required || this.#chance.once(3) || (name === 'project' && this.#chance.once(2)),
      )
      .map((parameter) => ({ parameter, value: this.#value(parameter) }))
    const content = body && validValue(body, this.#chance, this.#known)
    const parameterBreaks = parts.filter(({ parameter }) => parameter.in !== 'header')
    const atBody = body !== undefined && (parameterBreaks.length === 0 || !this.#chance.once(3))
    if (!wantBroken) return this.#assemble(method, template, parts, content, false)
    if (atBody) {
      if (this.#chance.once(12)) return this.#assemble(method, template, parts, this.#malformed(), true)
      const wrong = brokenValue(body, content, this.#chance)
      return this.#assemble(method, template, parts, wrong ? wrong.value : content, wrong !== undefined)
    }
    return this.#breakParameter(method, template, parts, content)
  }

  #breakParameter(method: string, template: string, parts: readonly Part[], content: unknown): FuzzCall {
    const at = this.#chance.below(parts.length + 1)
    const part = parts[at]
    if (!part || part.parameter.in === 'header' || part.parameter.name === 'confirm') {
      const schema: Shape = { type: 'string' }
      const extra: Part = { parameter: { name: 'unheard', in: 'query', schema }, value: 'x' }
      const isStrict = template.startsWith('/v1/') && !template.startsWith('/v1/errors')
      return this.#assemble(method, template, isStrict ? [...parts, extra] : parts, content, isStrict)
    }
    const wrong = brokenValue(part.parameter.schema, part.value, this.#chance)
    const text = wrong && this.#asText(wrong.value)
    // An empty or missing part of a path is another path, and text is all that a path or query can hold.
    const isTold = text !== undefined && text !== '' && !isText(part.parameter.schema, wrong?.value)
    const changed = isTold ? parts.with(at, { ...part, value: text }) : parts
    return this.#assemble(method, template, changed, content, isTold)
  }

  #asText(value: unknown): string | undefined {
    return typeof value === 'object' || value === undefined ? undefined : String(value)
  }

  #assemble(
    method: string,
    template: string,
    parts: readonly Part[],
    body: unknown,
    broken: boolean,
  ): FuzzCall {
    let path = template
    const query = new URLSearchParams()
    const headers: Record<string, string> = {}
    for (const { parameter, value } of parts) {
      if (parameter.in === 'path')
        path = path.replace(`{${parameter.name}}`, encodeURIComponent(String(value)))
      else if (parameter.in === 'header') headers[parameter.name] = String(value)
      else for (const one of [value].flat()) query.append(parameter.name, String(one))
    }
    // A sequence that the log has not come to is waited for and answered with 503: replicas have tests of their own.
    if (headers['Weft-Sequence'] !== undefined) headers['Weft-Sequence'] = '1'
    // A stream has no end, so it is asked for what is not there yet.
    if (template === '/v1/events') headers['last-event-id'] = '999999999999999'
    const search = query.size > 0 ? `?${query}` : ''
    return { method, path: path + search, options: { headers, ...(body !== undefined && { body }) }, broken }
  }

  #value({ name, schema }: Parameter): unknown {
    return validValue(schema, this.#chance, this.#known, name)
  }

  #malformed(): string {
    return this.#chance.pick(['{', '[1,', '{"a":}', 'nope', '"text"', '[]', '1', '{"name":"x"', '\u0000'])
  }
}

interface Part {
  readonly parameter: Parameter
  readonly value: unknown
}

/** Whether text in a query would be taken for what the schema wants after all. */
function isText({ type, enum: choices, pattern, maxLength }: Shape, value: unknown): boolean {
  return type === 'string' && !choices && pattern === undefined && maxLength === undefined && value !== ''
}
