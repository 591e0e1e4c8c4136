import { Gauge } from 'prom-client'
import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import { authorise, ownNetwork } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { Streams } from '../limits/streams.ts'
import { streamLive } from '../live.ts'
import { idOrName } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { EventStream } from '../stream.ts'

const STREAMS = 'weft_event_streams'

const network = idOrName('network', 'demo')
const EventQuery = Type.Object(
  {
    network: Type.Optional(
      Type.Union([Type.Array(network, { maxItems: 100 }), network], {
        description: 'Only what concerns it, and what is seen of it. Can be given several times.',
      }),
    ),
  },
  { additionalProperties: false },
)

const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      pattern: '^\\d{1,15}$',
      description: 'Id of the last event that came: those after it follow. Absent: from now on.',
      examples: ['42'],
      'x-expects': 'the id of an event',
    }),
  ),
})

/** Live events, server-sent. */
export function eventRoutes(app: App, controller: Controller): void {
  const streams = new Streams()
  controller.metrics.removeSingleMetric(STREAMS)
  new Gauge({
    name: STREAMS,
    help: 'Clients that listen to live events.',
    registers: [controller.metrics],
    collect() {
      this.set(streams.size)
    },
  })
  const schema = {
    operationId: 'streamEvents',
    summary: 'What happens in the project, as it happens: server-sent events.',
    description: [
      "'change' events come from the log, have its sequence as id, and are resumed by Last-Event-ID without a gap.",
      "'graph' events have no id: they tell what is seen of the networks that were named. They are values as they are now; the last one says all.",
      'A client that reads too slowly is cut off and may resume. 50 may listen with one token, 200 with those of one project.',
    ].join(' '),
    tags: ['operation'],
    querystring: EventQuery,
    headers: EventHeaders,
    response: answers(
      {
        200: {
          description: 'Events, until one side goes.',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
      },
      404,
    ),
  }
  app.get('/v1/events', { schema }, async (request, reply) => {
    const { state } = controller
    const names = request.query.network
    const scope = authorise(state, request, controller.now())
    const networks =
      names === undefined
        ? undefined
        : new Set([names].flat().map((name) => ownNetwork(state, scope, name).id))
    // Asked again at each entry: a token that was revoked hears of that no more.
    const look = () => authorise(controller.state, request, controller.now()).viewer
    const last = request.headers['last-event-id']
    const after = last === undefined ? state.sequence : Number(last)
    if (after > state.sequence) throw unknownEvent(after)
    const { bound, home, id } = scope.caller
    using _place = streams.take(id, bound ? home : undefined)
    reply.hijack()
    using stream = new EventStream(reply.raw)
    try {
      await streamLive(controller, stream, { networks, after, look })
    } catch (err) {
      request.log.warn({ err }, 'a stream of events ended')
    } finally {
      if (stream.wasCut) request.log.info('a client of live events was cut off: it takes nothing')
    }
  })
}

function unknownEvent(id: number): WeftError {
  return new WeftError('invalid-input', `There is no event ${id} yet.`, {
    field: 'last-event-id',
    advice: 'The log may have been restored: read everything anew, and listen without this header.',
  })
}
