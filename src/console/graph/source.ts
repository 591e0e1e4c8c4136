import { useEffect, useRef, useState } from 'preact/hooks'
import type { Change } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { listen } from '../api/live.ts'
import { GraphModel } from './model.ts'
import { groupingOf, type View } from './view.ts'

/** Links that are drawn one by one at most. */
const MOST_LINKS = 5_000
/** Milliseconds between two whole graphs that are asked for because more changed than was told. */
const AGAIN = 5_000
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
        if (patch.more) ask.soon()
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
  }, [view.by, JSON.stringify(view.open)])
  return { model, version, isLive, error, by, lastChange }
}

/** Asks at once or in a while, one question at a time. */
class Asker {
  readonly #ask: () => Promise<void>
  #asking: Promise<void> | undefined
  #again = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ask: () => Promise<void>) {
    this.#ask = ask
  }

  now(): void {
    this.#again = this.#asking !== undefined
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
      if (this.#again) this.now()
    })
  }

  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.now()
    }, AGAIN)
  }

  stop(): void {
    this.#again = false
    clearTimeout(this.#timer)
  }
}

async function fetchGraph(network: string, view: View, signal: AbortSignal) {
  const path = { network }
  const { members } = await api.call('showGraph', { path, query: { members: false, links: 0 } }, signal)
  const grouping = groupingOf(view, members.all)
  const graph = await api.call('showGraph', { path, query: graphQuery(grouping, view.open) }, signal)
  return { graph, grouping }
}

function graphQuery(by: string | undefined, open: readonly string[]) {
  if (by === undefined) return { brief: true, links: MOST_LINKS }
  return { brief: true, links: open.length === 0 ? 0 : MOST_LINKS, by, within: open }
}
