import { ROLE_PERMISSIONS } from '../../model/permission.ts'
import { ACCESS } from '../access/table.ts'
import { type Html, html } from '../html.ts'
import type { DocAnswer, DocMedia, DocOperation, DocParameter } from './document.ts'
import { about, schemaTable } from './schema.ts'
import { inline, sample } from './text.ts'

/** An operation and where it is. */
export interface Entry {
  readonly method: string
  readonly path: string
  readonly operation: DocOperation
}

/** An operation with all that there is to say about it. */
export function operationSection({ method, path, operation }: Entry): Html {
  const { operationId, summary, parameters = [], requestBody, responses } = operation
  const body = Object.entries(requestBody?.content ?? {})
  return html`<section id="${operationId}">
<h2><a href="#${operationId}">${inline(summary)}</a></h2>
<p class="route"><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></p>
<p class="muted">${needs(method, path)} <code>${operationId}</code></p>
${parameters.length > 0 ? parameterTable(parameters) : ''}
${body.map(([type, media]) => html`<h3>Request <span class="muted">${type}</span></h3>${schemaTable(media.schema)}${exampleRequest(method, path, media)}`)}
<h3>Answers</h3>
<dl>${Object.entries(responses).map(([status, answer]) => answerItem(status, answer))}</dl>
</section>
`
}

/** Who may, by the one table. */
function needs(method: string, path: string): string {
  const rule = ACCESS[`${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`]
  if (rule === 'open') return 'Needs no token.'
  if (rule?.needs === undefined) return 'Needs a token, any.'
  const { needs: permission, tells } = rule
  const roles = Object.entries(ROLE_PERMISSIONS).filter(([, all]) => all.includes(permission))
  const besides = tells === undefined ? '' : ` and, for what it answers, ${tells}`
  return `Needs the permission ${permission}${besides}: ${roles.map(([role]) => role).join(', ')}.`
}

function parameterTable(parameters: readonly DocParameter[]): Html {
  return html`<h3>Parameters</h3><div class="wide"><table>
<thead><tr><th>Name</th><th>In</th><th>What</th></tr></thead>
<tbody>${parameters.map(parameterRow)}</tbody>
</table></div>`
}

function parameterRow({ name, in: place, required, schema, description, example }: DocParameter): Html {
  const shown = {
    ...schema,
    ...(description !== undefined && { description }),
    ...(example !== undefined && schema.default === undefined && { examples: [example] }),
  }
  return html`<tr><td><code>${name}</code>${required ? '' : html` <span class="muted">optional</span>`}</td><td>${place}</td><td>${about(shown)}</td></tr>
`
}

function exampleRequest(method: string, path: string, media: DocMedia): Html {
  const [first] = Object.values(media.examples ?? {})
  const body = JSON.stringify(media.example ?? first?.value, null, 2)
  return sample(
    `${method} ${path} HTTP/1.1\nAuthorization: Bearer weft_…\nContent-Type: application/json\n\n${body}`,
  )
}

/** Refusals are problems, all of one form; what they mean stands on a page of its own. */
function answerItem(status: string, { description, headers = {}, content = {} }: DocAnswer): Html {
  const isRefusal = Number(status) >= 400
  const codes = Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples))
  const problems = codes.map((code) => html` <a href="/docs/errors#${code}">${code}</a>`)
  const shown = isRefusal ? problems : Object.entries(content).map(([type, media]) => answerBody(type, media))
  // The one that every answer has is told once for all.
  const own = Object.keys(headers).filter((name) => name !== 'Weft-Sequence')
  const sent = own.length > 0 ? html` <span class="muted">with ${own.join(', ')}</span>` : ''
  return html`<dt class="${isRefusal ? 'refusal' : 'good'}">${status}</dt><dd>${isRefusal ? 'For instance' : inline(description)}${shown}${sent}</dd>
`
}

function answerBody(type: string, { schema, example }: DocMedia): Html {
  return html`<div><span class="muted">${type}</span> ${schemaTable(schema)}<details><summary>Example</summary>${sample(example)}</details></div>`
}
