import type { CDPSession, Page } from 'playwright-core'
import { eventually } from '../rig.ts'
import { onCanvas, placeOf } from './canvas.ts'

export interface Frames {
  /** A second, as they were really painted: by the processor, where there is no graphics card. */
  readonly painted: number
  /** Milliseconds of the page's own work for each of them. */
  readonly work: number
  /** Moves of the mouse, and how many lines were worked out again for them. */
  readonly moves: number
  readonly lines: number
}

/** Ms from the first byte that is asked for to a picture that can be dragged, by the clock of the page. */
export async function timeToPicture(
  page: Page,
  address: string,
  isThere: (nodes: number, edges: number) => boolean,
  limit: number,
): Promise<number> {
  // Another document, so that nothing of the one before is of help.
  await page.goto('about:blank')
  await page.goto(address)
  await eventually(
    'the picture is there',
    async () => {
      const canvas = await onCanvas(page)
      return canvas !== undefined && isThere(canvas.nodes.length, canvas.edges.length)
    },
    limit,
  )
  return Number(await page.evaluate('window.weft.canvas.firstPaint'))
}

/** Drags a node about for a while. */
export async function drag(page: Page, key: string, milliseconds: number): Promise<Frames> {
  const { x, y } = await placeOf(page, key)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.evaluate(
    `window.painted = 0; window.dragging = true; window.lines = 0
    const program = window.weft.canvas.sigma.edgePrograms.dash
    const { processVisibleItem } = program
    program.processVisibleItem = function (...items) { window.lines++; return processVisibleItem.apply(this, items) };
    (function count() { window.painted++; if (window.dragging) requestAnimationFrame(count) })()`,
  )
  const start = performance.now()
  const before = await busyMs(session)
  let moves = 0
  for (let step = 1; performance.now() - start < milliseconds; step++, moves++)
    await page.mouse.move(x + 90 * Math.sin(step / 12) + 5, y + 60 * Math.cos(step / 17))
  const painted = Number(await page.evaluate('window.dragging = false; window.painted'))
  const lines = Number(await page.evaluate('window.lines'))
  const work = (await busyMs(session)) - before
  const seconds = (performance.now() - start) / 1_000
  await page.mouse.up()
  await session.detach()
  return { painted: painted / seconds, work: work / painted, moves, lines }
}

/** Bytes of what the page holds once all that nobody needs is gone. */
export async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}

/** What the page itself does; waiting for a processor that paints in place of a graphics card is no part of it. */
const OWN_WORK = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration']

/** Milliseconds that the page has worked so far. */
async function busyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.reduce((sum, { name, value }) => sum + (OWN_WORK.includes(name) ? value : 0), 0) * 1_000
}
