import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { html } from '../../src/api/html.ts'
import { ERROR_CODES } from '../../src/errors.ts'
import { PERMISSIONS } from '../../src/model/permission.ts'
import { type Document, documentOf, operationsOf } from './document.ts'
import { type Answer, Place } from './fixture.ts'

describe('the documentation at /docs', () => {
  let place: Place
  let document: Document
  const pages = new Map<string, Answer>()
  const open = { token: null }
  before(async () => {
    place = await Place.open()
    document = await documentOf(place)
    // Every page that can be reached from the first one.
    for (const waiting = ['/docs']; waiting.length > 0; ) {
      const path = waiting.pop() ?? ''
      if (pages.has(path)) continue
      const answer = await place.get(path, open)
      pages.set(path, answer)
      const links = linksOf(answer.text).map((link) => link.split('#')[0] ?? '')
      waiting.push(...links.filter((link) => link.startsWith('/docs') && !pages.has(link)))
    }
  })
  after(() => place[Symbol.asyncDispose]())

  const all = () => [...pages.values()].map(({ text }) => text).join('\n')

  it('lists every operation, and tells of each what it takes, needs and answers', () => {
    const index = pages.get('/docs')?.text ?? ''
    for (const [route, { operationId, tags, parameters = [], responses }] of operationsOf(document)) {
      const [method, path] = route.split(' ')
      assert.ok(index.includes(`<a href="/docs/${tags[0]}#${operationId}"><code>${path}</code></a>`), route)
      const section = sectionOf(pages.get(`/docs/${tags[0]}`)?.text ?? '', operationId)
      assert.ok(section.includes(`>${method}</span> <code>${path}</code>`), route)
      assert.match(section, /Needs (the permission|a token|no token)/, route)
      for (const { name } of parameters)
        assert.ok(section.includes(`<code>${name}</code>`), `${route} ${name}`)
      for (const status of Object.keys(responses))
        assert.ok(section.includes(`>${status}</dt>`), `${route} ${status}`)
    }
  })

  it('shows every object, error code and permission', () => {
    const has = (page: string, id: string) => pages.get(page)?.text.includes(` id="${id}"`)
    for (const name of Object.keys(document.components.schemas)) assert.ok(has('/docs/schemas', name), name)
    for (const code of Object.keys(ERROR_CODES)) assert.ok(has('/docs/errors', code), code)
    for (const name of Object.keys(PERMISSIONS)) assert.ok(has('/docs/permissions', name), name)
  })

  it('has no link that leads nowhere', async () => {
    const known = new Map<string, number>()
    for (const [from, { text }] of pages) {
      for (const link of new Set(linksOf(text))) {
        const [path = '', fragment] = link.split('#')
        const target = path === '' ? from : path
        if (!target.startsWith('/docs') || target.endsWith('.css')) {
          known.set(target, known.get(target) ?? (await place.get(target, open)).status)
          // The console itself is not built where only the controller is tested.
          assert.ok(known.get(target) === 200 || target === '/', `${from}: ${link}`)
        } else if (fragment !== undefined) {
          assert.ok(pages.get(target)?.text.includes(` id="${fragment}"`), `${from}: ${link}`)
        }
      }
    }
    assert.ok(known.size > 1)
  })

  it('loads nothing from elsewhere, and runs nothing', () => {
    assert.ok(pages.size > 10)
    for (const [path, { status, text, headers }] of pages) {
      assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8'], path)
      assert.match(
        String(headers['content-security-policy']),
        /^default-src 'none'; style-src 'self'; img-src 'self'/,
      )
      assert.deepEqual(text.match(/<(script|img|iframe|object|form|style)\b|\s(on\w+|style)=/g), null, path)
      const loaded = [...text.matchAll(/<link [^>]*href="([^"]+)"/g)].map(([, to]) => to)
      assert.deepEqual(loaded, ['/docs/icon.svg', '/docs/style.css'])
      for (const link of linksOf(text)) assert.match(link, /^[/#]/, path)
    }
  })

  it('has an icon, so that browsers ask for none that needs a token', async () => {
    const { status, headers } = await place.get('/docs/icon.svg', open)
    assert.deepEqual([status, headers['content-type']], [200, 'image/svg+xml'])
  })

  it('has a style that loads nothing either', async () => {
    const { status, headers, text } = await place.get('/docs/style.css', open)
    assert.deepEqual(
      [status, headers['content-type'], headers['x-content-type-options']],
      [200, 'text/css', 'nosniff'],
    )
    assert.doesNotMatch(text, /url\(|@import/)
  })

  it('tells nothing of what is in the controller', async () => {
    await place.post('/v1/networks', { name: 'most-secret' })
    assert.ok(!(await place.get('/docs/networks', open)).text.includes('most-secret'))
    assert.ok(!all().includes(place.token))
  })

  it('answers for a page that is not there as everywhere', async () => {
    const { status, body } = await place.get('/docs/nothing', open)
    assert.deepEqual([status, body.code], [404, 'not-found'])
  })
})

describe('html', () => {
  it('escapes what is put in, but for HTML', () => {
    const bad = `<script>"&'`
    assert.equal(
      html`<p title="${bad}">${[html`<b>${bad}</b>`, 1, undefined]}</p>`.text,
      `<p title="${SAFE}"><b>${SAFE}</b>1</p>`,
    )
  })
})

const SAFE = '&#60;script&#62;&#34;&#38;&#39;'

function linksOf(text: string): string[] {
  return [...text.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, to = '']) => to)
}

function sectionOf(text: string, id: string): string {
  const at = text.indexOf(`<section id="${id}">`)
  return text.slice(at, text.indexOf('</section>', at))
}
