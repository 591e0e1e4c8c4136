import type Sigma from 'sigma'
import type { Point } from './placement.ts'

/** A press that moved less than this is a click, in pixels. */
const TOLERANCE = 4

/**
 * Moves a node with the mouse. Meanwhile the library is kept out: for each move it would read back from the picture what
 * is under the pointer, which waits until all is painted, and work out every node and line anew.
 */
export class Drag implements Disposable {
  readonly #sigma: Sigma
  readonly #places: Map<string, Point>
  readonly #onMove: () => void
  readonly #stop = new AbortController()
  #node: string | undefined
  #from: Point = { x: 0, y: 0 }
  #hasMoved = false

  constructor(sigma: Sigma, places: Map<string, Point>, onMove: () => void) {
    this.#onMove = onMove
    this.#sigma = sigma
    this.#places = places
  }

  /** What is being dragged. */
  get node(): string | undefined {
    return this.#node
  }

  /** Whether the last press moved, so that it is no click. */
  get hasMoved(): boolean {
    return this.#hasMoved
  }

  listen(container: HTMLElement): void {
    const { signal } = this.#stop
    // First in the capturing phase: the library hears of the press after this.
    container.addEventListener('mousedown', (event) => this.#begin(event), { capture: true, signal })
    this.#sigma.on('downNode', ({ node }) => {
      this.#node = node
    })
    addEventListener('mousemove', (event) => this.#move(event, container), { capture: true, signal })
    addEventListener('mouseup', () => this.#end(), { capture: true, signal })
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
  }

  #begin(event: MouseEvent): void {
    this.#from = pointOf(event)
    this.#hasMoved = false
  }

  #move(event: MouseEvent, container: HTMLElement): void {
    if (this.#node === undefined) return
    event.stopPropagation()
    const { x, y } = pointOf(event)
    this.#hasMoved ||= Math.hypot(x - this.#from.x, y - this.#from.y) > TOLERANCE
    if (!this.#hasMoved) return
    if (!this.#sigma.getCustomBBox()) this.#sigma.setCustomBBox(this.#sigma.getBBox())
    const box = container.getBoundingClientRect()
    this.#put(this.#node, this.#sigma.viewportToGraph({ x: x - box.left, y: y - box.top }))
  }

  /** Past the events of the graph, so that only the node and its own lines are worked out again. */
  #put(node: string, point: Point): void {
    const graph = this.#sigma.getGraph()
    if (!graph.hasNode(node)) return
    this.#places.set(node, point)
    this.#onMove()
    Object.assign(graph.getNodeAttributes(node), point)
    const partialGraph = { nodes: [node], edges: graph.edges(node) }
    this.#sigma.refresh({ partialGraph, skipIndexation: true, schedule: true })
  }

  #end(): void {
    const node = this.#node
    this.#node = undefined
    const point = node === undefined ? undefined : this.#places.get(node)
    const graph = this.#sigma.getGraph()
    // Now all may know, so that it is found where it is.
    if (node !== undefined && point && this.#hasMoved && graph.hasNode(node))
      graph.mergeNodeAttributes(node, point)
  }
}

function pointOf({ clientX, clientY }: MouseEvent): Point {
  return { x: clientX, y: clientY }
}
