import Graph from 'graphology'
import Sigma from 'sigma'
import type { Settings } from 'sigma/settings'
import type { NodeDisplayData, PartialButFor } from 'sigma/types'
import type { Palette } from '../theme.ts'
import { Drag } from './drag.ts'
import type { Drawing, DrawnEdge, DrawnNode } from './drawing.ts'
import { Pace } from './pace.ts'
import { isGrouped, layoutTask, type Point, place } from './placement.ts'
import { dashProgram, SHAPES, ShapeProgram, type Thrift } from './programs.ts'
import { Zoom } from './zoom.ts'

export interface CanvasListener {
  /** @param more whether it is to come to what is selected already */
  node(key: string, more: boolean): void
  edge(key: string): void
  ground(): void
  /** @param group what was zoomed in on; undefined when all of it is seen again */
  near(group: string | undefined): void
}

/** Edges up to which each can be clicked: finding out which one costs a second picture. */
const CLICKABLE = 2_000

/** A drawing on a canvas: places are kept while it changes, and bettered by a worker. */
export class GraphCanvas implements Disposable {
  readonly sigma: Sigma
  readonly #graph = new Graph({ type: 'undirected', multi: false })
  readonly #places = new Map<string, Point>()
  readonly #observer: ResizeObserver
  #palette: Palette
  #worker: Worker | undefined
  #shape = ''
  #drag: Drag | undefined
  #zoom: Zoom | undefined
  #isClickable = true
  readonly #pace = new Pace(() => this.sigma.scheduleRender())
  readonly #thrift: Thrift
  #firstPaint: number | undefined

  constructor(container: HTMLElement, palette: Palette, listener: CanvasListener) {
    this.#palette = palette
    this.#thrift = thriftOf(this.#pace, () => this.#isClickable)
    this.sigma = new Sigma(this.#graph, container, this.#settings())
    // The library looks at the window only, and what stands around the picture comes and goes.
    this.#observer = new ResizeObserver(() => this.sigma.resize().scheduleRefresh())
    this.#observer.observe(container)
    this.sigma.on('beforeRender', () => this.#pace.frame(this.#graph.size))
    this.sigma.getCamera().on('updated', () => this.#pace.move())
    this.sigma.on('afterRender', () => {
      if (this.#graph.order > 0) this.#firstPaint ??= performance.now()
    })
    this.#listen(container, listener)
  }

  /** Shows another drawing. What stays keeps its place; what is new is placed near what it belongs to. */
  draw(drawing: Drawing, palette: Palette): void {
    this.#palette = palette
    const shape = shapeOf(drawing)
    const isNewShape = shape !== this.#shape
    if (isNewShape) this.#move(drawing)
    this.#shape = shape
    this.#update(drawing)
    const isClickable = drawing.edges.length <= CLICKABLE
    // Every setting that is set costs a new picture.
    if (isClickable !== this.#isClickable) this.sigma.setSetting('enableEdgeEvents', isClickable)
    this.#isClickable = isClickable
  }

  /** Moves the camera so that a node is in the middle. */
  show(key: string): void {
    const data = this.sigma.getNodeDisplayData(key)
    if (data) this.sigma.getCamera().animate({ x: data.x, y: data.y, ratio: 0.5 }, { duration: 200 })
  }

  zoom(factor: number): void {
    const camera = this.sigma.getCamera()
    camera.animate({ ratio: camera.ratio * factor }, { duration: 120 })
  }

  pan(dx: number, dy: number): void {
    const camera = this.sigma.getCamera()
    camera.animate({ x: camera.x + dx * camera.ratio, y: camera.y + dy * camera.ratio }, { duration: 80 })
  }

  fit(): void {
    this.sigma.setCustomBBox(null)
    this.sigma.scheduleRefresh()
    this.sigma.getCamera().animatedReset({ duration: 200 })
  }

  [Symbol.dispose](): void {
    this.#observer.disconnect()
    this.#drag?.[Symbol.dispose]()
    this.#zoom?.[Symbol.dispose]()
    this.#pace[Symbol.dispose]()
    this.#rest()
    this.sigma.kill()
  }

  /** Milliseconds from the start of the page to the first picture of something. */
  get firstPaint(): number | undefined {
    return this.#firstPaint
  }

  /** Whether every node has the place where it stays. */
  get isResting(): boolean {
    return this.#worker === undefined
  }

  #rest(): void {
    this.#worker?.terminate()
    this.#worker = undefined
  }

  /** Gives new nodes a place and lets the worker look for better ones; all move only when most are new. */
  #move({ nodes, edges }: Drawing): void {
    this.#rest()
    const keys = new Set(nodes.map(({ key }) => key))
    for (const key of [...this.#places.keys()]) if (!keys.has(key)) this.#places.delete(key)
    const isFirst = this.#places.size === 0
    const isMostlyNew = this.#places.size < nodes.length / 2
    const known = isMostlyNew ? new Map<string, Point>() : new Map(this.#places)
    const places = place(nodes, this.#places)
    for (const [key, point] of places) this.#places.set(key, point)
    // The ground stays as it is under groups of which one opens; all else is seen whole.
    if (!isGrouped(nodes) || isFirst) this.sigma.setCustomBBox(null)
    else if (!this.sigma.getCustomBBox()) this.sigma.setCustomBBox(this.sigma.getBBox())
    if (nodes.length < 2 || known.size === nodes.length || isGrouped(nodes)) return
    this.#worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' })
    this.#worker.onmessage = ({ data }: MessageEvent<{ places: Float64Array; isLast: boolean }>) => {
      this.#take(nodes, data.places)
      if (data.isLast) this.#rest()
    }
    this.#worker.postMessage(layoutTask(nodes, edges, places, known))
  }

  #take(nodes: readonly DrawnNode[], places: Float64Array): void {
    for (const [at, { key }] of nodes.entries()) {
      if (key === this.#drag?.node || !this.#graph.hasNode(key)) continue
      const point = { x: places[at * 2] ?? 0, y: places[at * 2 + 1] ?? 0 }
      this.#places.set(key, point)
      this.#graph.mergeNodeAttributes(key, point)
    }
  }

  #update({ nodes, edges }: Drawing): void {
    const keys = new Set(nodes.map(({ key }) => key))
    const edgeKeys = new Set(edges.map(({ key }) => key))
    for (const edge of this.#graph.edges()) if (!edgeKeys.has(edge)) this.#graph.dropEdge(edge)
    for (const node of this.#graph.nodes()) if (!keys.has(node)) this.#graph.dropNode(node)
    for (const node of nodes) this.#graph.mergeNode(node.key, this.#look(node))
    for (const edge of edges) {
      if (this.#graph.hasEdge(edge.key)) this.#graph.mergeEdgeAttributes(edge.key, this.#lookOf(edge))
      else if (!this.#graph.hasEdge(edge.source, edge.target))
        this.#graph.addEdgeWithKey(edge.key, edge.source, edge.target, this.#lookOf(edge))
    }
  }

  #look({ key, label, shape, tone, size, faded, selected, kind }: DrawnNode) {
    const { tones, fadedNode, ring, ground } = this.#palette
    const color = faded ? fadedNode : tones[tone]
    const isHollow = tone === 'offline' || (kind === 'group' && tone === 'outside')
    return {
      ...(this.#places.get(key) ?? { x: 0, y: 0 }),
      label,
      kind,
      size: selected ? size + 3 : size,
      color: isHollow ? ground : color,
      ring: selected ? ring : color,
      shape: SHAPES[shape],
      zIndex: selected ? 2 : faded ? 0 : 1,
      forceLabel: selected || kind === 'group',
      faded,
    }
  }

  #lookOf({ tone, dashed, width, faded }: DrawnEdge) {
    const { tones, fadedEdge } = this.#palette
    return {
      color: faded ? fadedEdge : tones[tone],
      size: faded ? 0.8 : width,
      dash: dashed ? 1 : 0,
      zIndex: faded ? 0 : 1,
    }
  }

  #settings(): Partial<Settings> {
    return {
      defaultNodeType: 'shape',
      defaultEdgeType: 'dash',
      nodeProgramClasses: { shape: ShapeProgram },
      nodeHoverProgramClasses: { shape: ShapeProgram },
      edgeProgramClasses: { dash: dashProgram(this.#thrift) },
      labelFont: 'system-ui, sans-serif',
      labelSize: 12,
      labelDensity: 0.7,
      labelGridCellSize: 90,
      labelRenderedSizeThreshold: 5,
      minEdgeThickness: 0.6,
      stagePadding: 48,
      zIndex: true,
      minCameraRatio: 0.02,
      maxCameraRatio: 4,
      defaultDrawNodeLabel: (context, data) => this.#label(context, data),
      defaultDrawNodeHover: (context, data) => this.#label(context, data, true),
      allowInvalidContainer: true,
      enableEdgeEvents: this.#isClickable,
    }
  }

  /** A name beside its node, with the ground around it, so that it can be read over lines. */
  #label(
    context: CanvasRenderingContext2D,
    data: PartialButFor<NodeDisplayData, 'x' | 'y' | 'size' | 'label' | 'color'> & {
      readonly faded?: boolean
    },
    isHovered = false,
  ): void {
    if (!data.label || (data.faded && !isHovered)) return
    context.font = `${isHovered ? 600 : 500} 12px system-ui, sans-serif`
    context.lineJoin = 'round'
    context.lineWidth = 4
    context.strokeStyle = this.#palette.halo
    context.fillStyle = this.#palette.text
    const [x, y] = [data.x + data.size + 4, data.y + 4]
    context.strokeText(data.label, x, y)
    context.fillText(data.label, x, y)
  }

  #listen(container: HTMLElement, listener: CanvasListener): void {
    const drag = new Drag(this.sigma, this.#places, () => this.#pace.move())
    this.#drag = drag
    drag.listen(container)
    this.sigma.on('clickNode', ({ node, event }) => {
      const { original } = event
      if (!drag.hasMoved) listener.node(node, original.shiftKey || original.ctrlKey || original.metaKey)
    })
    this.sigma.on('clickEdge', ({ edge }) => listener.edge(edge))
    this.sigma.on('clickStage', () => {
      if (!drag.hasMoved) listener.ground()
    })
    this.sigma.on('doubleClickNode', ({ event }) => event.preventSigmaDefault())
    this.#zoom = new Zoom(this.sigma, (group) => listener.near(group))
  }
}

function thriftOf(pace: Pace, isClickable: () => boolean): Thrift {
  return {
    get hidesLines() {
      return pace.hidesLines
    },
    get isClickable() {
      return isClickable()
    },
  }
}

/** What has to be placed: nothing else moves anything. */
function shapeOf({ nodes, edges }: Drawing): string {
  return `${nodes.map(({ key }) => key).join(' ')}|${edges.length === 0}`
}
