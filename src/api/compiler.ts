import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifySchemaCompiler } from 'fastify'
import Type from 'typebox'

/** How text has to look to stand for a value of a type; TypeBox takes 1.5 for the whole number 1, and "no" for false. */
const FORMS: Readonly<Record<string, RegExp>> = { integer: /^-?\d{1,15}$/, boolean: /^(true|false)$/ }

/** The checks of TypeBox, but what is no whole number or truth in a query is not made one. */
export const compileSchema: FastifySchemaCompiler<Type.TSchema> = (route) => {
  const check = TypeBoxValidatorCompiler(route)
  if (route.httpPart !== 'querystring' || !Type.IsObject(route.schema)) return check
  const strict = Object.entries(route.schema.properties).flatMap(([name, schema]) => {
    const form = 'type' in schema ? FORMS[String(schema.type)] : undefined
    return form ? [[name, form] as const] : []
  })
  return (value: unknown) => check(spoiled(value, strict))
}

/** The query, where text that is not of its form is made such that no check takes it. */
function spoiled(query: unknown, strict: readonly (readonly [string, RegExp])[]): unknown {
  if (typeof query !== 'object' || query === null) return query
  const given = new Map<string, unknown>(Object.entries(query))
  const wrong = strict.filter(([name, form]) => {
    const text = given.get(name)
    return typeof text === 'string' && !form.test(text)
  })
  if (wrong.length === 0) return query
  return { ...query, ...Object.fromEntries(wrong.map(([name]) => [name, NOTHING_OF_THAT])) }
}

const NOTHING_OF_THAT = 'none'
