import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Controller } from '../controller/controller.ts'
import type { Decision, Tools } from '../controller/tools.ts'
import { WeftError } from '../errors.ts'
import { systemRandom } from '../keys/random.ts'
import type { State } from '../model/state.ts'
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
  return isDryRun(request.query) ? linksAfter(controller, request, decide) : undefined
}

async function linksAfter(
  controller: Controller,
  request: FastifyRequest,
  decide: (state: State, tools: Tools) => Decision<unknown>,
): Promise<LinkChanges> {
  const { links } = await rehearsal(controller, request, () => {
    const { state, settings } = controller
    return decide(state, { now: controller.now(), random: systemRandom, settings })
  })
  return links
}

/**
 * What `decide` decides, what that would do to links, and what agents would be sent. Nothing is decided while as many dry runs
 * are under way as may be. Who hangs up has that worked out no further.
 */
export async function rehearsal<Result>(
  controller: Controller,
  request: FastifyRequest,
  decide: () => Decision<Result> | Promise<Decision<Result>>,
): Promise<{ readonly result: Result; readonly links: LinkChanges }> {
  const { actor, credential, server } = request
  const token = credential && controller.state.apiTokens.get(credential)
  using _place = server.rehearsals.take(actor, token?.project)
  const { events, result } = await decide()
  const rehearsal = await controller.rehearse(events, closingOf(request.raw.socket))
  return { result, links: linkChangesView(rehearsal) }
}

/** By connection: several requests may be under way on one. */
const closings = new WeakMap<Socket, AbortSignal>()

/** Aborted when a connection is closed. An answer that waits behind others on it is not told. */
function closingOf(socket: Socket): AbortSignal {
  const known = closings.get(socket)
  if (known) return known
  const gone = new AbortController()
  const leave = () => gone.abort(new WeftError('unavailable', 'Nobody waits for the answer any more.'))
  if (socket.destroyed) leave()
  else socket.once('close', leave)
  closings.set(socket, gone.signal)
  return gone.signal
}
