import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { Place } from '../api/fixture.ts'
import { eventually } from '../rig.ts'
import { Browser, signIn, whatIsMissing } from './browser.ts'
import { onCanvas } from './canvas.ts'
import { heapOf } from './stopwatch.ts'
import { populate } from './thousands.ts'

/** Milliseconds: far more than it takes, for a machine that does other things besides. */
const BOUND = 90_000

describe('the web console, looked at for long', { skip: whatIsMissing() }, () => {
  let place: Place
  let browser: Browser
  let page: Page
  let url: string
  before(async () => {
    place = await Place.open()
    url = `https://127.0.0.1:${place.port}/`
    browser = await Browser.open()
    page = await browser.page()
    await signIn(page, url, place.token)
  })
  after(async () => {
    await browser?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  it('holds no more after an hour of live updates than after a few minutes of them', async (test) => {
    await populate(place, 'busy', 40)
    const { nodes, links } = (await place.get('/v1/networks/busy/graph?brief=true')).body
    let told = 0
    // As many updates at once as come in two minutes; when they are read the page asks for more.
    await page.route('**/v1/events?network=busy', (route) => {
      const updates = Array.from({ length: 120 }, () => updateOf(nodes, links, told++))
      const hello = 'event: hello\ndata: {"sequence":1}\n\n'
      return route.fulfill({ contentType: 'text/event-stream', body: hello + updates.join('') })
    })
    await page.goto('about:blank')
    await page.goto(`${url}#/networks/busy`)
    const heapAfter = async (updates: number) => {
      await eventually(`${updates} updates`, () => told >= updates, BOUND)
      return heapOf(page)
    }
    const early = await heapAfter(600)
    const late = await heapAfter(3_600)
    await page.unroute('**/v1/events?network=busy')
    test.diagnostic(`heap after 600 updates ${mega(early)}, after 3,600 ${mega(late)}`)
    assert.ok(late < early + 2_000_000, `${early} bytes became ${late}`)
    const edges = (await onCanvas(page))?.edges.length
    assert.equal(edges, links.length)
  })
})

/** All links of one member change, as its reports would have it. */
function updateOf(nodes: readonly object[], links: readonly object[], at: number): string {
  const states = ['up', 'stale', 'down'] as const
  const changed = links.slice((at * 20) % links.length, ((at * 20) % links.length) + 20).map((link) => ({
    ...link,
    path: 'direct',
    state: states[at % 3],
    rxBytes: at * 1_000,
    txBytes: at * 900,
  }))
  const node = {
    ...nodes[at % nodes.length],
    online: at % 2 === 0,
    state: at % 2 === 0 ? 'applied' : 'offline',
  }
  const patch = { network: 'busy', revision: 41, nodes: [node], gone: [], links: changed, more: false }
  return `event: graph\ndata: ${JSON.stringify(patch)}\n\n`
}

function mega(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`
}
