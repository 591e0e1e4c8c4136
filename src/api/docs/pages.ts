import { ERROR_CODES } from '../../errors.ts'
import { PERMISSIONS, ROLE_PERMISSIONS } from '../../model/permission.ts'
import { type Html, html, page } from '../html.ts'
import { problemType, STATUS } from '../problem.ts'
import type { Doc } from './document.ts'
import { exampleOf } from './examples.ts'
import { type Entry, operationSection } from './operation.ts'
import { schemaTable } from './schema.ts'
import { inline, paragraphs, sample } from './text.ts'

/** Every page of the documentation, by its name; the first one has none. They are made once: a document does not change. */
export function docsPages(document: Doc): ReadonlyMap<string, string> {
  const entries = entriesOf(document)
  const tags = document.tags.map(({ name, description }): [string, string] => {
    const own = entries.filter(({ operation }) => operation.tags.includes(name))
    const body = html`<h1>${title(name)}</h1><p>${inline(description)}</p>${own.map(operationSection)}`
    return [name, framed(document, name, title(name), body)]
  })
  return new Map([
    ['', framed(document, '', 'REST', overview(document, entries))],
    ...tags,
    ['schemas', framed(document, 'schemas', 'Objects', schemas(document))],
    ['errors', framed(document, 'errors', 'Errors', errors())],
    ['permissions', framed(document, 'permissions', 'Permissions', permissions())],
  ])
}

function entriesOf({ paths }: Doc): Entry[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

function framed({ tags, info }: Doc, current: string, name: string, body: Html): string {
  const links = [['', 'Overview'], ...tags.map((tag) => [tag.name, title(tag.name)])]
  const rest = [
    ['schemas', 'Objects'],
    ['errors', 'Errors'],
    ['permissions', 'Permissions'],
  ]
  const item = ([to = '', text = '']: readonly string[]) =>
    html`<li><a href="/docs${to && `/${to}`}"${to === current ? html` aria-current="page"` : ''}>${text}</a></li>`
  return page(
    `${name} · ${info.title}`,
    html`<header><a class="brand" href="/docs">${info.title}</a> <a href="/">Console</a> <a href="/openapi.json">OpenAPI</a></header>
<nav aria-label="Pages"><ul>${links.map(item)}</ul><ul>${rest.map(item)}</ul></nav>
<main>${body}</main>`,
  )
}

function overview({ info, tags }: Doc, entries: readonly Entry[]): Html {
  const groups = tags.map(({ name, description }) => {
    const own = entries.filter(({ operation }) => operation.tags.includes(name))
    return html`<h2><a href="/docs/${name}">${title(name)}</a></h2><p>${inline(description)}</p>
<table class="index"><tbody>${own.map((entry) => indexRow(name, entry))}</tbody></table>`
  })
  return html`<h1>${info.title}</h1><p class="lead">${inline(info.summary)}</p>${paragraphs(info.description)}${groups}`
}

function indexRow(tag: string, { method, path, operation: { operationId, summary } }: Entry): Html {
  return html`<tr><td><span class="method ${method.toLowerCase()}">${method}</span></td><td><a href="/docs/${tag}#${operationId}"><code>${path}</code></a></td><td>${inline(summary)}</td></tr>
`
}

function schemas(document: Doc): Html {
  const sections = Object.entries(document.components.schemas).map(
    ([name, schema]) => html`<section id="${name}">
<h2><a href="#${name}">${name}</a></h2>
<p>${inline(schema.description ?? '')}</p>
${schemaTable(schema)}
<details><summary>Example</summary>${sample(exampleOf(document, schema))}</details>
</section>
`,
  )
  return html`<h1>Objects</h1><p>What requests and answers are made of.</p>${sections}`
}

function errors(): Html {
  const rows = Object.entries(STATUS).map(
    ([
      code,
      status,
    ]) => html`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${meaningOf(code)}</td></tr>
`,
  )
  return html`<h1>Errors</h1>
<p>Every refusal is a <a href="/docs/schemas#Problem">Problem</a> (RFC 9457): <code>code</code> is for programs and stays as it is,
<code>detail</code> and <code>advice</code> are for people, <code>field</code> names the input at fault, and <code>type</code> leads to what
the code means: <code>${problemType('not-found')}</code>. The statuses are those that go with the code as a rule.</p>
<div class="wide"><table><thead><tr><th>Code</th><th>Status</th><th>What it means</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

function meaningOf(code: string): string {
  return Object.entries(ERROR_CODES).find(([known]) => known === code)?.[1] ?? ''
}

function permissions(): Html {
  const roles = Object.entries(ROLE_PERMISSIONS)
  const rows = Object.entries(PERMISSIONS).map(
    ([name, meaning]) =>
      html`<tr id="${name}"><td><code>${name}</code></td><td>${meaning}</td>${roles.map(
        ([, all]) => html`<td>${all.some((one) => one === name) ? 'yes' : ''}</td>`,
      )}</tr>
`,
  )
  return html`<h1>Permissions</h1>
<p>Each operation needs one of these, and says which. A token has those of its role, or the fewer that its scopes name.</p>
<div class="wide"><table><thead><tr><th>Permission</th><th>Allows to</th>${roles.map(([role]) => html`<th>${role}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`
}

function title(tag: string): string {
  const words = tag.replace('api-', 'API ').replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
