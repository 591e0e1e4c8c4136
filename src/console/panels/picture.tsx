import { useEffect, useRef, useState } from 'preact/hooks'
import type { GraphCanvas } from '../graph/canvas.ts'
import type { Drawing } from '../graph/drawing.ts'
import { useStore } from '../store.ts'
import { paletteOf, theme } from '../theme.ts'

interface PictureProps {
  readonly drawing: Drawing
  /** What is to be seen, in words. */
  readonly summary: string
  /** The node that is to be in the middle. */
  readonly shown: string | undefined
  readonly onNode: (key: string, more: boolean) => void
  readonly onEdge: (key: string) => void
  readonly onGround: () => void
  readonly onNear: (group: string | undefined) => void
}

/** The drawing on a canvas, with what moves the eye over it. The tables beside it say the same without it. */
export function Picture({ drawing, summary, shown, onNode, onEdge, onGround, onNear }: PictureProps) {
  const container = useRef<HTMLDivElement>(null)
  const canvas = useRef<GraphCanvas>(undefined)
  const [isBlind, setBlind] = useState(false)
  const palette = paletteOf(useStore(theme))
  const listener = useRef({ onNode, onEdge, onGround, onNear })
  listener.current = { onNode, onEdge, onGround, onNear }
  const latest = useRef({ drawing, palette })
  latest.current = { drawing, palette }

  useEffect(() => {
    let isGone = false
    // WebGL and all that needs it come when they are needed: the tables do without.
    import('../graph/canvas.ts').then(
      ({ GraphCanvas: Canvas }) => {
        if (isGone || !container.current) return
        try {
          canvas.current = new Canvas(container.current, latest.current.palette, {
            node: (key, more) => listener.current.onNode(key, more),
            edge: (key) => listener.current.onEdge(key),
            ground: () => listener.current.onGround(),
            near: (group) => listener.current.onNear(group),
          })
          canvas.current.draw(latest.current.drawing, latest.current.palette)
          // For whoever looks behind the page, tests among them: what is really on the canvas.
          Object.assign(window, { weft: { canvas: canvas.current } })
        } catch {
          setBlind(true)
        }
      },
      () => setBlind(true),
    )
    return () => {
      isGone = true
      canvas.current?.[Symbol.dispose]()
      canvas.current = undefined
    }
  }, [])
  useEffect(() => canvas.current?.draw(drawing, palette), [drawing, palette])
  useEffect(() => {
    if (shown !== undefined) canvas.current?.show(shown)
  }, [shown])

  return (
    <div class="picture">
      <div
        ref={container}
        class="canvas"
        role="img"
        aria-label={summary}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the picture
        tabIndex={0}
        onKeyDown={(event) => {
          const move = MOVES[event.key]
          if (!move || !canvas.current) return
          event.preventDefault()
          move(canvas.current)
        }}
      />
      {isBlind && <p class="blind">This browser draws no WebGL. The tables beside say the same.</p>}
      <div class="zoom">
        <button type="button" onClick={() => canvas.current?.zoom(1 / 1.5)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => canvas.current?.zoom(1.5)} aria-label="Zoom out">
          −
        </button>
        <button type="button" onClick={() => canvas.current?.fit()} aria-label="Show all">
          ⤢
        </button>
      </div>
    </div>
  )
}

const STEP = 0.08

const MOVES: Readonly<Record<string, (canvas: GraphCanvas) => void>> = {
  ArrowLeft: (canvas) => canvas.pan(-STEP, 0),
  ArrowRight: (canvas) => canvas.pan(STEP, 0),
  ArrowUp: (canvas) => canvas.pan(0, STEP),
  ArrowDown: (canvas) => canvas.pan(0, -STEP),
  '+': (canvas) => canvas.zoom(1 / 1.5),
  '-': (canvas) => canvas.zoom(1.5),
  '0': (canvas) => canvas.fit(),
}
