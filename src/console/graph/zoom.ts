import type Sigma from 'sigma'

/** Milliseconds for which the camera has to rest. */
const REST = 150
/** Share of the picture that is seen: below the first what is zoomed in on is opened, above the second all is closed. */
const NEAR = 0.45
const FAR = 0.95
/** How near a group has to be to be what was zoomed in on, as a share of the smaller side. */
const REACH = 0.4

/** Tells which group somebody zooms in on, and when it is left again. */
export class Zoom implements Disposable {
  readonly #sigma: Sigma
  readonly #tell: (group: string | undefined) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #ratio = 1
  /** Where the wheel was turned, in pixels; undefined: somebody zooms otherwise, and means the middle. */
  #pointer: { readonly x: number; readonly y: number } | undefined

  constructor(sigma: Sigma, tell: (group: string | undefined) => void) {
    this.#sigma = sigma
    this.#tell = tell
    sigma.getMouseCaptor().on('wheel', ({ x, y }) => {
      this.#pointer = { x, y }
    })
    sigma.getCamera().on('updated', () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#look(), REST)
    })
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  /** Only a move inwards opens, and only one outwards closes: what was opened by hand stays so while the picture is moved. */
  #look(): void {
    const { ratio } = this.#sigma.getCamera().getState()
    const before = this.#ratio
    this.#ratio = ratio
    const meant = this.#pointer ?? this.#middle()
    this.#pointer = undefined
    if (ratio >= FAR && before < ratio) this.#tell(undefined)
    if (ratio > NEAR || ratio > before) return
    const group = this.#nearest(meant)
    if (group !== undefined) this.#tell(group)
  }

  #middle() {
    const { width, height } = this.#sigma.getDimensions()
    return { x: width / 2, y: height / 2 }
  }

  #nearest(to: { readonly x: number; readonly y: number }): string | undefined {
    const { width, height } = this.#sigma.getDimensions()
    let best: { readonly key: string; readonly distance: number } | undefined
    this.#sigma.getGraph().forEachNode((key, { kind, x, y }) => {
      if (kind !== 'group') return
      const place = this.#sigma.graphToViewport({ x, y })
      const distance = Math.hypot(place.x - to.x, place.y - to.y)
      if (!best || distance < best.distance) best = { key, distance }
    })
    return best && best.distance <= REACH * Math.min(width, height) ? best.key : undefined
  }
}
