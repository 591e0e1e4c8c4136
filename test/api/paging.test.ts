import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { Map as ImmutableMap } from 'immutable'
import { type Page, pageOf } from '../../src/api/paging.ts'
import { Place } from './fixture.ts'

const same = { view: (value: string) => value }
const name = fc.stringMatching(/^[a-z0-9]{1,3}$/)

function mapOf(keys: Iterable<string>): ImmutableMap<string, string> {
  return ImmutableMap([...keys].map((key) => [key, key]))
}

function allPages(map: ImmutableMap<string, string>, limit: number): string[][] {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const page: Page<string> = pageOf(map, cursor === undefined ? { limit } : { limit, cursor }, same)
    pages.push(page.items)
    cursor = page.next
  } while (cursor !== undefined && pages.length <= map.size)
  return pages
}

describe('pageOf', () => {
  it('gives every entry once, in order, on full pages but for the last', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.integer({ min: 1, max: 10 }), (keys, limit) => {
        const pages = allPages(mapOf(keys), limit)
        assert.deepEqual(pages.flat(), keys.toSorted())
        assert.ok(pages.slice(0, -1).every((page) => page.length === limit))
        assert.ok(keys.length === 0 || (pages.at(-1)?.length ?? 0) > 0)
      }),
    )
  })

  it('neither skips nor repeats what stays while other entries come and go between two pages', () => {
    const names = fc.uniqueArray(name, { minLength: 1 })
    fc.assert(
      fc.property(names, names, names, fc.integer({ min: 1, max: 5 }), (stay, go, come, limit) => {
        const first = pageOf(mapOf([...stay, ...go]), { limit }, same)
        if (first.next === undefined) return
        const later = mapOf([...stay, ...come])
        const second = pageOf(later, { limit: 1_000, cursor: first.next }, same)
        const seen = [...first.items, ...second.items]
        for (const key of stay) assert.equal(seen.filter((one) => one === key).length, 1)
      }),
    )
  })

  it('leaves out what has no view', () => {
    const page = pageOf(mapOf(['a', 'b', 'c']), {}, { view: (key) => (key === 'b' ? undefined : key) })
    assert.deepEqual(page, { items: ['a', 'c'] })
  })

  it('gives 100 entries when no number is given', () => {
    const keys = Array.from({ length: 101 }, (_, at) => String(at + 1_000))
    assert.equal(pageOf(mapOf(keys), {}, same).items.length, 100)
  })

  it('refuses a cursor that is none', () => {
    assert.throws(() => pageOf(mapOf(['a']), { cursor: '?' }, same), {
      code: 'invalid-input',
      field: 'cursor',
    })
  })
})

describe('lists over REST', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
    for (const name of ['e', 'b', 'd', 'a', 'c']) {
      await place.post('/v1/networks', { name })
      await place.enrol(name)
    }
    for (const node of ['e', 'b', 'd', 'a', 'c']) await place.post('/v1/networks/a/members', { node })
  })
  after(() => place[Symbol.asyncDispose]())

  for (const list of ['/v1/networks', '/v1/nodes', '/v1/tokens', '/v1/networks/a/members']) {
    it(`come in pages: ${list}`, async () => {
      const whole = await place.get(list)
      assert.deepEqual(Object.keys(whole.body), ['items'])
      assert.equal(whole.body.items.length, 5, 'each node that was enrolled left a spent token')
      const items: unknown[] = []
      let path = `${list}?limit=2`
      for (let page = 1; page <= 3; page++) {
        const { body } = await place.get(path)
        items.push(...body.items)
        assert.equal(body.next === undefined, page === 3)
        path = `${list}?limit=2&cursor=${body.next}`
      }
      assert.deepEqual(items, whole.body.items)
    })
  }

  it('are sorted by name where there is one', async () => {
    for (const list of ['/v1/networks', '/v1/nodes']) {
      const { items } = (await place.get(list)).body
      assert.deepEqual(
        items.map(({ name }: { name: string }) => name),
        ['a', 'b', 'c', 'd', 'e'],
      )
    }
  })
})
