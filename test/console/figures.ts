// What the web console costs at 100, 1,000 and 10,000 members: `node test/console/figures.ts`.

import { strict as assert } from 'node:assert'
import { Place } from '../api/fixture.ts'
import { Browser, signIn, whatIsMissing } from './browser.ts'
import { onCanvas } from './canvas.ts'
import { drag, timeToPicture } from './stopwatch.ts'
import { bytesOfUpdate, populate } from './thousands.ts'
import { bytesOfPage } from './weight.ts'

const LIMIT = 60_000
const DRAG_MS = 3_000

interface Sight {
  readonly members: number
  readonly query: string
  readonly nodes: number
  readonly edges: number
}

const SIGHTS: readonly Sight[] = [
  { members: 100, query: '', nodes: 100, edges: 4_950 },
  { members: 1_000, query: '', nodes: 20, edges: 190 },
  { members: 1_000, query: '?by=-', nodes: 1_000, edges: 5_000 },
  { members: 10_000, query: '', nodes: 20, edges: 190 },
]

assert.equal(whatIsMissing(), undefined)
await using place = await Place.open()
await using browser = await Browser.open()
const page = await browser.page()
const url = `https://127.0.0.1:${place.port}/`
await signIn(page, url, place.token)
for (const size of new Set(SIGHTS.map(({ members }) => members))) await populate(place, `of-${size}`, size)
for (const { members, query, nodes, edges } of SIGHTS) {
  const address = `${url}#/networks/of-${members}${query}`
  const isThere = (drawn: number, lines: number) => drawn === nodes && lines === edges
  const took = await timeToPicture(page, address, isThere, LIMIT)
  const { painted, work } = await drag(page, (await onCanvas(page))?.nodes[0]?.key ?? '', DRAG_MS)
  say(
    `${members} members, ${nodes} nodes and ${edges} lines drawn: ${Math.round(took)} ms to a picture that can be dragged;`,
    `while dragging ${work.toFixed(1)} ms of the page's work a frame (${Math.round(1_000 / work)} frames/s without painting),`,
    `${painted.toFixed(1)} frames/s painted in software`,
  )
}
for (const size of new Set(SIGHTS.map(({ members }) => members))) {
  const network = `of-${size}`
  const node = await place.enrol(`late-${size}`)
  const bytes = await bytesOfUpdate(place, network, () =>
    place.post(`/v1/networks/${network}/members`, { node }),
  )
  say(`${size} members: ${bytes} bytes of a live update when one more joins`)
}
say(`${await bytesOfPage(place, browser, url)} bytes of the page before data, compressed`)

function say(...parts: readonly string[]): void {
  process.stdout.write(`${parts.join(' ')}\n`)
}
