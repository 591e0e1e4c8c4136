import type { Page } from 'playwright-core'
import { eventually } from '../rig.ts'

export interface OnCanvas {
  readonly nodes: readonly { readonly key: string; readonly label: string; readonly color: string }[]
  readonly edges: readonly { readonly key: string; readonly color: string; readonly dash: number }[]
}

/** What is really on the canvas, as the library that paints it has it; undefined while there is none. */
export async function onCanvas(page: Page): Promise<OnCanvas | undefined> {
  const text = await page.evaluate(`(() => {
    const graph = window.weft?.canvas.sigma.getGraph()
    if (!graph) return ''
    const nodes = graph.mapNodes((key, { label, color }) => ({ key, label, color }))
    const edges = graph.mapEdges((key, { color, dash }) => ({ key, color, dash }))
    return JSON.stringify({ nodes, edges })
  })()`)
  return typeof text === 'string' && text !== '' ? (JSON.parse(text) as OnCanvas) : undefined
}

/** Nodes that are outside of what is seen: none, unless somebody has zoomed in. */
export async function outOfSight(page: Page): Promise<readonly string[]> {
  const text = await page.evaluate(`(() => {
    const { sigma } = window.weft.canvas
    const { width, height } = sigma.getDimensions()
    const isSeen = ({ x, y }) => x >= 0 && y >= 0 && x <= width && y <= height
    const graph = sigma.getGraph()
    return JSON.stringify(graph.filterNodes((key, place) => !isSeen(sigma.graphToViewport(place))))
  })()`)
  return JSON.parse(String(text))
}

/** Waits until nothing moves any more. Asked from here: the page's policy lets no text become code, a waiting look included. */
export async function untilResting(page: Page): Promise<void> {
  await eventually(
    'the canvas rests',
    async () => (await page.evaluate('window.weft?.canvas.isResting')) === true,
    30_000,
  )
}

/** Where a node is on the page, in pixels, once it has come to rest. */
export async function placeOf(page: Page, key: string): Promise<{ x: number; y: number }> {
  await untilResting(page)
  const box = await page.locator('.canvas').boundingBox()
  const text = await page.evaluate(
    `JSON.stringify((() => { const { sigma } = window.weft.canvas; return sigma.graphToViewport(sigma.getGraph().getNodeAttributes(${JSON.stringify(key)})) })())`,
  )
  const { x, y } = JSON.parse(String(text)) as { x: number; y: number }
  return { x: x + (box?.x ?? 0), y: y + (box?.y ?? 0) }
}
