import { expectation, type ValueSchema } from '../../settings/expectation.ts'
import { type Html, html } from '../html.ts'
import { type DocSchema, nameOfRef } from './document.ts'
import { inline } from './text.ts'

interface Row {
  /** `members.online`, `nodes[].id` */
  readonly way: string
  readonly isRequired: boolean
  readonly schema: DocSchema
}

/** The fields of a schema as a table, those of inner objects too; components are linked to. */
export function schemaTable(schema: DocSchema): Html {
  const { $ref } = schema
  if ($ref !== undefined) return html`<p>${link($ref)}</p>`
  const rows = rowsOf(schema, '')
  if (rows.length === 0) return html`<p>${typeText(schema)}. ${inline(schema.description ?? '')}</p>`
  return html`<div class="wide"><table>
<thead><tr><th>Field</th><th>What</th></tr></thead>
<tbody>${rows.map(row)}</tbody>
</table></div>`
}

/** What may stand there, in the words of errors, with links to components. */
function typeText(schema: DocSchema): Html {
  const { $ref, items, anyOf, type } = schema
  if ($ref !== undefined) return link($ref)
  if (anyOf) return html`${anyOf.flatMap((one, at) => [at > 0 ? ' or ' : '', typeText(one)])}`
  if (type === 'array' && items && !schema['x-expects']) return html`a list, each ${typeText(items)}`
  if (Array.isArray(type))
    return html`${type.flatMap((one, at) => [at > 0 ? ' or ' : '', words({ ...schema, type: one })])}`
  return html`${words({ ...schema, type: String(type) })}`
}

function rowsOf(schema: DocSchema, before: string): Row[] {
  const { properties, required = [], items, anyOf } = schema
  if (items) return rowsOf(items, `${before}[]`)
  if (anyOf) return anyOf.flatMap((one) => rowsOf(one, before))
  return Object.entries(properties ?? {}).flatMap(([name, part]) => {
    const way = before === '' ? name : `${before}.${name}`
    return [{ way, isRequired: required.includes(name), schema: part }, ...rowsOf(part, way)]
  })
}

function row({ way, isRequired, schema }: Row): Html {
  return html`<tr><td><code>${way}</code>${isRequired ? '' : html` <span class="muted">optional</span>`}</td><td>${about(schema)}</td></tr>
`
}

/** Type, description, default and example of a value. */
export function about(schema: DocSchema): Html {
  const { description, default: usual, examples } = schema
  const facts = [
    usual === undefined ? undefined : html`default <code>${JSON.stringify(usual)}</code>`,
    examples === undefined ? undefined : html`for instance <code>${JSON.stringify(examples[0])}</code>`,
  ].filter((one) => one !== undefined)
  return html`<span class="type">${typeText(schema)}</span>${description === undefined ? '' : html`<br>${inline(description)}`}${
    facts.length > 0
      ? html`<br><span class="muted">${facts.flatMap((one, at) => [at > 0 ? '; ' : '', one])}</span>`
      : ''
  }`
}

function words(schema: Omit<DocSchema, 'type' | 'items' | 'anyOf'> & { readonly type: string }): string {
  if (schema.type === 'null') return 'null'
  if (schema.format === 'date-time') return 'a time, RFC 3339'
  if (schema.type === 'object') return 'an object'
  const { type, 'x-expects': expects, minimum, maximum, minLength, maxLength, enum: choices } = schema
  const plain: ValueSchema = {
    type,
    ...(expects !== undefined && { 'x-expects': expects }),
    ...(choices !== undefined && { enum: choices }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
  }
  return expectation(plain)
}

function link(reference: string): Html {
  const name = nameOfRef(reference)
  return html`<a href="/docs/schemas#${name}">${name}</a>`
}
