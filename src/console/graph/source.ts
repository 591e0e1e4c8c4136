import { useEffect, useRef, useState } from 'preact/hooks'
import type { Change, Operations } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { listen } from '../api/live.ts'
import { GraphModel } from './model.ts'
import { groupingOf, USUAL_LABEL, type View, wantsAll } from './view.ts'

/** Links that are drawn one by one at most. */
const MOST_LINKS = 5_000
/** Milliseconds between two whole graphs that are asked for because more changed than was told. */
const AGAIN = 5_000
/** Times that an answer took before the next is asked for. */
const PATIENCE = 10
/** Milliseconds between two drawings, however much is told. */
const CALM = 250

export interface Source {
  readonly model: GraphModel | undefined
  /** +1 at each change of the model. */
  readonly version: number
  readonly isLive: boolean
  readonly error: unknown
  /** The label by which members are grouped. */
  readonly by: string | undefined
  /** The last change that was heard of. */
  readonly lastChange: Change | undefined
}

/** The graph of a network as it is now, kept up to date. It listens first and asks then, so that nothing falls between. */
export function useSource(network: string, view: View): Source {
  const [model, setModel] = useState<GraphModel>()
  const [version, setVersion] = useState(0)
  const [isLive, setLive] = useState(false)
  const [error, setError] = useState<unknown>()
  const [by, setBy] = useState<string | undefined>()
  const [lastChange, setLastChange] = useState<Change>()
  const wanted = useRef(view)
  wanted.current = view
  const asker = useRef<Asker>(undefined)

  useEffect(() => {
    const stop = new AbortController()
    let current: GraphModel | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        setVersion(current?.version ?? 0)
      }, CALM)
    }
    const ask = new Asker(async () => {
      try {
        const { graph, grouping } = await fetchGraph(network, wanted.current, stop.signal)
        if (current) current.load(graph, Date.now())
        else current = new GraphModel(graph, Date.now())
        setBy(grouping)
        setModel(current)
        setVersion(current.version)
        setError(undefined)
      } catch (cause) {
        if (!stop.signal.aborted) setError(cause)
      }
    })
    asker.current = ask
    const listener = {
      open() {
        setLive(true)
        ask.now()
      },
      lost: () => setLive(false),
      patch(patch: Parameters<GraphModel['apply']>[0]) {
        current?.apply(patch, Date.now())
        // Of members that are not here it is counted only how they are, and that has to be asked for.
        const isCounted = current?.hasAllMembers === false && patch.nodes.length + patch.gone.length > 0
        if (patch.more || isCounted) ask.soon()
        show()
      },
      change: setLastChange,
    }
    ask.now()
    listen(network, listener, stop.signal)
    return () => {
      stop.abort()
      ask.stop()
      clearTimeout(timer)
    }
  }, [network])

  const isFirst = useRef(true)
  useEffect(() => {
    if (!isFirst.current) asker.current?.now()
    isFirst.current = false
  }, [view.by, JSON.stringify(view.open), view.apart.length > 0, wantsAll(view)])
  return { model, version, isLive, error, by, lastChange }
}

/** Asks at once or in a while, one question at a time. */
class Asker {
  readonly #ask: () => Promise<void>
  #asking: Promise<void> | undefined
  #again = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the last answer came, and the milliseconds it took. */
  #last = { at: Number.NEGATIVE_INFINITY, took: 0 }

  constructor(ask: () => Promise<void>) {
    this.#ask = ask
  }

  now(): void {
    this.#again = this.#asking !== undefined
    const start = performance.now()
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
      this.#last = { at: performance.now(), took: performance.now() - start }
      if (this.#again) this.now()
    })
  }

  /** Not more often than every few seconds, and what takes long for the controller more rarely still. */
  soon(): void {
    const pause = Math.max(AGAIN, this.#last.took * PATIENCE)
    const left = Math.max(CALM, this.#last.at + pause - performance.now())
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.now()
    }, left)
  }

  stop(): void {
    this.#again = false
    clearTimeout(this.#timer)
  }
}

type GraphQuery = Operations['showGraph']['input']['query']

/** The graph as the view wants it: groups alone for thousands, and members only where they are looked at. */
async function fetchGraph(network: string, view: View, signal: AbortSignal) {
  const ask = (query: GraphQuery) =>
    api.call('showGraph', { path: { network }, query: { brief: true, ...query } }, signal)
  const all = { links: MOST_LINKS, apart: view.apart.length > 0 }
  if (view.by === '-') return { graph: await ask(all), grouping: undefined }
  const outline = await ask({ by: view.by ?? USUAL_LABEL, links: 0, members: false })
  const grouping = groupingOf(view, outline.members.all)
  if (grouping === undefined) return { graph: await ask(all), grouping }
  const isClosed = view.open.length === 0
  const graph = isClosed ? outline : await ask({ ...all, by: grouping, within: view.open })
  if (!wantsAll(view)) return { graph, grouping }
  const { nodes } = await ask({ links: 0 })
  return { graph: { ...graph, nodes }, grouping }
}
