import type { Controller } from '../controller/controller.ts'
import { networksOf } from '../controller/graph/describe.ts'
import type { GraphPatch } from '../controller/graph/watch.ts'
import type { Viewer } from '../controller/sight.ts'
import type { Entry } from '../log/log.ts'
import type { NetworkId } from '../model/names.ts'
import type { EventStream } from './stream.ts'
import { patchView } from './views/graph.ts'
import { changeView } from './views/history.ts'

export interface LiveQuery {
  /** Only what concerns these; undefined: all. */
  readonly networks: ReadonlySet<NetworkId> | undefined
  /** Who listens, and to what. Throws when that is permitted no longer. */
  readonly look: () => Viewer
  /** Last log entry that the client has. */
  readonly after: number
}

/**
 * Tells a client what is decided (from the log, from `after` on, none left out) and what is seen (of the networks it asks
 * for, as it is now). Each client is a cursor in the log, so a slow one costs no memory. Resolves when it has gone.
 */
export async function streamLive(
  controller: Controller,
  stream: EventStream,
  query: LiveQuery,
): Promise<void> {
  const signal = AbortSignal.any([stream.signal, controller.draining])
  const stops = [...(query.networks ?? [])].map((id) =>
    controller.status.watch.subscribe(id, tellPatch(stream)),
  )
  try {
    await stream.send({ event: 'hello', data: JSON.stringify({ sequence: controller.state.sequence }) })
    await controller.history.knowFrom(query.after + 1)
    for await (const entry of controller.follow(query.after + 1, signal)) {
      const viewer = query.look()
      const seen = controller.history.seenBy(entry, viewer)
      if (seen && isWanted(controller, seen, query.networks))
        await stream.send({
          id: entry.sequence,
          event: 'change',
          data: JSON.stringify(changeView(controller.history.describe(seen, viewer))),
        })
      if (signal.aborted) return
    }
  } finally {
    for (const stop of stops) stop()
  }
}

/** After a patch was dropped the next one says that there is more. */
function tellPatch(stream: EventStream): (patch: GraphPatch) => void {
  return (patch) => {
    const told = stream.takeDropped() ? { ...patch, more: true } : patch
    stream.offer({ event: 'graph', data: told === patch ? encoded(patch) : JSON.stringify(patchView(told)) })
  }
}

/** Encoded once, however many look on. */
const texts = new WeakMap<GraphPatch, string>()

function encoded(patch: GraphPatch): string {
  const text = texts.get(patch) ?? JSON.stringify(patchView(patch))
  texts.set(patch, text)
  return text
}

function isWanted(controller: Controller, { events }: Entry, networks: LiveQuery['networks']): boolean {
  if (!networks) return true
  return events.some((event) => networksOf(event, controller.state).some((id) => networks.has(id)))
}
