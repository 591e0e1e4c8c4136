import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Controller } from '../controller/controller.ts'
import type { Decision, Tools } from '../controller/tools.ts'
import { WeftError } from '../errors.ts'
import { systemRandom } from '../keys/random.ts'
import type { Event } from '../model/event.ts'
import type { State } from '../model/state.ts'
import { linkChanges } from '../topology/policy/link-changes.ts'
import { isDryRun } from './dryrun.ts'
import { refTo } from './schemas/common.ts'
import { LinkChanges } from './schemas/policy.ts'
import { linkChangesView } from './views/policy.ts'

/** For the query of a change that makes or ends links. */
export const dryRunQuery = {
  dryRun: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Change nothing, and answer which links would appear and disappear, and what agents would be sent.',
    }),
  ),
}

export const DryRunQuery = Type.Object(dryRunQuery, { additionalProperties: false })

/** What a change answers that may be a dry run. */
export const rehearsed = { 200: refTo(LinkChanges) }

/**
 * What a change would do to links, decided as it would be, on the same state and with the same refusals; undefined unless
 * the request is a dry run. Nothing is made, and no Idempotency-Key is used up.
 */
export function rehearse(
  controller: Controller,
  request: FastifyRequest,
  decide: (state: State, tools: Tools) => Decision<unknown>,
): Promise<LinkChanges> | undefined {
  if (!isDryRun(request.query)) return undefined
  const { state, settings } = controller
  const { events } = decide(state, { now: controller.now(), random: systemRandom, settings })
  return rehearsal(controller, request, events)
}

/** What `events` would do to links, and what agents would be sent. Who hangs up has that worked out no further. */
export async function rehearsal(
  controller: Controller,
  { raw: { socket } }: FastifyRequest,
  events: readonly Event[],
): Promise<LinkChanges> {
  const gone = new AbortController()
  const leave = () => gone.abort(new WeftError('unavailable', 'Nobody waits for the answer any more.'))
  socket.once('close', leave)
  try {
    const pushed = controller.forecast(events, gone.signal)
    return linkChangesView(linkChanges(controller.state, events), await pushed)
  } finally {
    socket.off('close', leave)
  }
}
