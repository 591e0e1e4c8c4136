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

  addFile(app, 'style.css', 'text/css')
  addFile(app, 'icon.svg', 'image/svg+xml')
}

function addFile(app: App, name: string, type: string): void {
  const content = readFileSync(new URL(`../docs/${name}`, import.meta.url))
  const headers = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache', 'content-type': type }
  app.get(`/docs/${name}`, { schema: { hide } }, async (_request, reply) =>
    reply.headers(headers).send(content),
  )
}
