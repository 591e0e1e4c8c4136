import type { FastifyError, FastifyRequest } from 'fastify'
import { WeftError } from '../errors.ts'
import { expectation, type ValueSchema } from '../settings/expectation.ts'

/** One finding of the schema check, as both TypeBox and Ajv shape it. */
interface Finding {
  readonly keyword: string
  /** `/labels/rack` */
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
}

type Part = 'body' | 'querystring' | 'params' | 'headers'

interface ObjectSchema extends ValueSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>
  readonly patternProperties?: Readonly<Record<string, ObjectSchema>>
  readonly items?: ObjectSchema
}

/** What a failed schema check means to the caller: which field, and what was expected there. */
export function validationError(error: FastifyError, request: FastifyRequest): WeftError {
  const part = partOf(error.validationContext)
  const findings: readonly Finding[] = error.validation ?? []
  const schema = schemaOf(request, part)
  return (
    unknownField(findings, schema, part) ??
    missingField(findings, schema) ??
    wrongField(findings, schema, part)
  )
}

function unknownField(findings: readonly Finding[], schema: ObjectSchema, part: Part): WeftError | undefined {
  const finding = findings.find(({ keyword }) => keyword === 'additionalProperties')
  if (!finding) return undefined
  const path = pathOf(finding.instancePath)
  const { description = 'What there is stands in /openapi.json.' } = schemaAt(schema, path)
  return new WeftError('invalid-input', `There can be no ${KIND[part]}of this name.`, {
    field: path.concat(firstOf(finding.params.additionalProperties)).join('.').slice(0, 64),
    advice: description,
  })
}

function missingField(findings: readonly Finding[], schema: ObjectSchema): WeftError | undefined {
  const finding = findings.find(({ keyword }) => keyword === 'required')
  if (!finding) return undefined
  const path = pathOf(finding.instancePath).concat(firstOf(finding.params.requiredProperties))
  const field = path.join('.')
  const about = schemaAt(schema, path)
  return new WeftError('invalid-input', `The field ${field} is missing; it must be ${expectation(about)}.`, {
    field,
    ...adviceOf(about),
  })
}

function wrongField(findings: readonly Finding[], schema: ObjectSchema, part: Part): WeftError {
  const path = pathOf(findings[0]?.instancePath ?? '')
  const about = schemaAt(schema, path)
  if (path.length === 0) {
    return new WeftError('invalid-input', `The ${part} must be ${expectation(about)}.`, { field: part })
  }
  const field = path.join('.')
  return new WeftError('invalid-input', `The ${KIND[part]}${field} must be ${expectation(about)}.`, {
    field,
    ...adviceOf(about),
  })
}

const KIND: Readonly<Record<Part, string>> = {
  body: 'field ',
  querystring: 'query parameter ',
  // What stands in a path is called by what it is: the network, the node.
  params: '',
  headers: 'header ',
}

function partOf(context: string | undefined): Part {
  return context === 'querystring' || context === 'params' || context === 'headers' ? context : 'body'
}

function schemaOf(request: FastifyRequest, part: Part): ObjectSchema {
  const schema: unknown = request.routeOptions.schema?.[part]
  return typeof schema === 'object' && schema !== null ? schema : {}
}

/** The schema of what lies at `path`: of a named field, of the items of a list, or of the values of a record. */
function schemaAt(schema: ObjectSchema, path: readonly string[]): ObjectSchema {
  const [name, ...rest] = path
  if (name === undefined) return schema
  const named = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined
  const items = schema.items ?? schema.anyOf?.find((part) => part.items)?.items
  const found = named ?? items ?? Object.values(schema.patternProperties ?? {})[0]
  return found ? schemaAt(found, rest) : {}
}

/** The parts of a JSON pointer (RFC 6901). */
function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function firstOf(names: unknown): string[] {
  return Array.isArray(names) && names.length > 0 ? [String(names[0])] : []
}

function adviceOf({ description }: ObjectSchema): { advice?: string } {
  return description === undefined ? {} : { advice: description }
}
