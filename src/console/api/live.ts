import { callOf } from '../../client/api.ts'
import type { Change, GraphPatch } from '../../client/operations.ts'
import { EventParser } from '../../client/sse.ts'
import { ask } from './client.ts'

export interface LiveListener {
  /** It stands: what changes from now on will come. Called again after each interruption. */
  open(): void
  lost(): void
  patch(patch: GraphPatch): void
  change(change: Change): void
}

/** Milliseconds before the first and the longest wait for another try. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 15_000
/** Without a sign of life for this long the connection is dead: twice the heartbeat and a bit. */
const SILENCE = 40_000

/** Listens to a network until `signal` is aborted; comes back by itself after every interruption. */
export async function listen(network: string, listener: LiveListener, signal: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT
  while (!signal.aborted) {
    try {
      await listenOnce(network, listener, signal, () => {
        wait = FIRST_WAIT
      })
    } catch {
      // Why does not matter: it is tried again, and the page shows that nothing is live meanwhile.
    }
    if (signal.aborted) return
    listener.lost()
    // Half of the wait is chance, so that a controller that returns is not met by all pages at once.
    await new Promise((resolve) => setTimeout(resolve, wait / 2 + Math.random() * (wait / 2)))
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
}

async function listenOnce(
  network: string,
  listener: LiveListener,
  signal: AbortSignal,
  onOpen: () => void,
): Promise<void> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE)
  const either = AbortSignal.any([signal, silence.signal])
  const response = await ask(callOf('streamEvents', { query: { network } }, either))
  const parser = new EventParser()
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  for (;;) {
    const piece = await reader?.read()
    if (!piece || piece.done) break
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), SILENCE)
    for (const { event, data } of parser.take(decoder.decode(piece.value, { stream: true }))) {
      if (event === 'hello') {
        onOpen()
        listener.open()
      } else if (event === 'graph') listener.patch(JSON.parse(data) as GraphPatch)
      else if (event === 'change') listener.change(JSON.parse(data) as Change)
    }
  }
  clearTimeout(timer)
}
