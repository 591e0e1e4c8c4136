import { type Html, html } from '../html.ts'

/** Text of the document: `code` between backticks, lines that begin with a hyphen as a list, all else as it is. */
export function inline(text: string): Html[] {
  return text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}

/** Paragraphs, which an empty line parts. */
export function paragraphs(text: string): Html[] {
  return text.split('\n\n').map((part) => {
    const [head = '', ...items] = part.split('\n- ')
    const list = items.map((item) => html`<li>${inline(item)}</li>`)
    return html`<p>${inline(head)}</p>${list.length > 0 ? html`<ul>${list}</ul>` : ''}`
  })
}

/** A value as JSON, or text as it is. */
export function sample(value: unknown): Html {
  return html`<pre><code>${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</code></pre>`
}
