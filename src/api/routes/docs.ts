import { readFileSync } from 'node:fs'
import Type from 'typebox'
import { absent } from '../../controller/lookup.ts'
import { readDocument } from '../docs/document.ts'
import { docsPages } from '../docs/pages.ts'
import { PAGE_HEADERS } from '../html.ts'
import type { App } from '../instance.ts'

const hide = true

/** The OpenAPI document as pages for people, made when they are first asked for. They load their style and nothing else. */
export function docsRoutes(app: App): void {
  let pages: ReadonlyMap<string, string> | undefined
  const pageOf = (name: string) => {
    pages ??= docsPages(readDocument(app.swagger()))
    const page = pages.get(name)
    if (page !== undefined) return page
    throw absent('page of the documentation', name, 'help')
  }
  app.get('/docs', { schema: { hide } }, async (_request, reply) =>
    reply.headers(PAGE_HEADERS).send(pageOf('')),
  )

  const params = Type.Object({ page: Type.String({ maxLength: 64 }) })
  app.get('/docs/:page', { schema: { hide, params } }, async ({ params: { page } }, reply) => {
    const text = pageOf(page)
    return reply.headers(PAGE_HEADERS).send(text)
  })

  const style = readFileSync(new URL('../docs/style.css', import.meta.url))
  app.get('/docs/style.css', { schema: { hide } }, async (_request, reply) =>
    reply
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-cache')
      .type('text/css')
      .send(style),
  )
}
