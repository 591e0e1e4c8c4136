import type { FastifyRequest } from 'fastify'
import type Type from 'typebox'
import {
  type ApplyOptions,
  applyWanted,
  memberChanges,
  type Wanted,
} from '../../controller/commands/apply.ts'
import { keysWanted } from '../../controller/commands/batch.ts'
import { type ChangeStep, stepsOf, stepsRetold } from '../../controller/commands/steps.ts'
import type { Controller } from '../../controller/controller.ts'
import type { Decision, Tools } from '../../controller/tools.ts'
import { WeftError } from '../../errors.ts'
import { systemRandom } from '../../keys/random.ts'
import type { KeyStock } from '../../keys/stock.ts'
import type { PublicKey } from '../../keys/wireguard.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import { ID_BYTES, type NetworkId, type ProjectId, toNetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { aheadOf, create } from '../change.ts'
import { cutOffBy } from '../confirm.ts'
import { assertMatch, tagged, tagOf } from '../etag.ts'
import type { App } from '../instance.ts'
import { rehearsal } from '../rehearsal.ts'
import { ApplyQuery, ApplyResult, WantedState, wantedStateSchema } from '../schemas/apply.ts'
import { ChangeHeaders, refTo } from '../schemas/common.ts'
import { Operation, patient } from '../schemas/operation.ts'
import { answers } from '../schemas/problem.ts'

/** POST of what a project is to be, and the schema of that. */
export function applyRoutes(app: App, controller: Controller): void {
  app.get('/schemas/network.json', { schema: { hide: true } }, async (_request, reply) => {
    reply.type('application/schema+json')
    return JSON.stringify(wantedStateSchema, null, 2)
  })
  addApply(app, controller)
}

function addApply(app: App, controller: Controller): void {
  const schema = {
    operationId: 'apply',
    summary: 'Make networks, members, policies, labels and roles as a document says: all of it, or nothing.',
    description:
      'The ETag of the answer stands for the changes in it: given back as If-Match, these are made and no others. That is needed where networks with connected members are to be deleted, or lose half or more of those.',
    tags: ['networks'],
    querystring: ApplyQuery,
    headers: patient(ChangeHeaders),
    body: WantedState,
    response: answers({ 200: refTo(ApplyResult), 202: refTo(Operation) }, 404, 409, 412, 413, 415),
  }
  app.post('/v1/apply', { schema }, async (request, reply) => {
    if (request.query.dryRun) {
      const { result, links } = await rehearsal(controller, request, () => decideNow(controller, request))
      return tagged(reply, { applied: false, ...result, links }, tagOf(result.changes))
    }
    return await app.operations.answer(request, reply, async () => {
      const ahead = await prepare(controller, request)
      using _keys = ahead.keys
      const { result } = await create(controller, request, {
        decide: decider(controller, request, ahead),
        recall: (events, state) => ({ changes: stepsRetold(state, events), kept: [] }),
      })
      return tagged(reply, { applied: true, ...result }, tagOf(result.changes))
    })
  })
}

type ApplyRequest = FastifyRequest<{ Body: Wanted; Querystring: Type.Static<typeof ApplyQuery> }>

interface Steps {
  readonly changes: ChangeStep[]
  readonly kept: ChangeStep[]
}

interface Ahead extends Pick<ApplyOptions, 'ids'> {
  readonly keys: KeyStock
}

function decider(controller: Controller, request: ApplyRequest, ahead: Ahead) {
  const { body, query } = request
  return (before: State, tools: Tools): Decision<Steps> => {
    const { project } = authorise(before, request, tools.now)
    const eventsFor = (state: State, prune: boolean) =>
      applyWanted(state, tools, project, body, { ...ahead, prune }).events
    const events = eventsFor(before, query.prune ?? false)
    const changes = stepsOf(before, events)
    assertMatch(request, tagOf(changes))
    assertSeen(controller, request, before, events)
    const after = events.reduce(apply, before)
    return { events, result: { changes, kept: stepsOf(after, eventsFor(after, true)) } }
  }
}

/** Whoever cuts machines off has looked at the changes first. Throws `confirmation-needed`. */
function assertSeen(
  controller: Controller,
  { headers, query }: ApplyRequest,
  state: State,
  events: readonly Event[],
): void {
  if (query.dryRun || (headers['if-match'] ?? '*') !== '*') return
  const told = cutOffBy(controller, state, events)
  if (told === undefined) return
  throw new WeftError('confirmation-needed', told, {
    field: 'if-match',
    advice: 'Ask with ?dryRun=true, look at the changes, and give the ETag of that answer as If-Match.',
  })
}

async function decideNow(controller: Controller, request: ApplyRequest): Promise<Decision<Steps>> {
  const ahead = await prepare(controller, request)
  using _keys = ahead.keys
  const { state, settings } = controller
  return decider(
    controller,
    request,
    ahead,
  )(state, {
    now: controller.now(),
    random: systemRandom,
    settings,
  })
}

/** Ids of networks that are to be made, and keys of members. */
async function prepare(controller: Controller, request: ApplyRequest): Promise<Ahead> {
  const { state, settings } = controller
  const now = controller.now()
  const { project } = authorise(state, request, now)
  const ids = new Map<string, NetworkId>()
  for (const name of Object.keys(request.body.networks ?? {}))
    ids.set(name, toNetworkId(systemRandom(ID_BYTES)))
  const owners = aheadOf(() => ownersOfKeys({ state, settings, now }, request, project, ids), [])
  return { ids, keys: await controller.mint.stock(owners) }
}

function ownersOfKeys(
  { state, settings, now }: Pick<Controller, 'state' | 'settings'> & { readonly now: number },
  { body, query: { prune = false } }: ApplyRequest,
  project: ProjectId,
  ids: ReadonlyMap<string, NetworkId>,
): readonly PublicKey[] {
  const tools = { now, random: systemRandom, settings }
  const { events } = applyWanted(state, tools, project, withoutMembers(body), { prune, ids })
  const then = events.reduce(apply, state)
  return Object.entries(body.networks ?? {}).flatMap(([name, { members }]) => {
    const id = then.networksByName.get(project)?.get(name)
    const network = id && then.networks.get(id)
    if (!network || !members) return []
    const { add } = memberChanges(then, { project, prune }, network, members)
    return keysWanted(
      then,
      id,
      add.map(({ node }) => node),
    )
  })
}

/** Members need keys, and policies may name nodes: neither is needed to know which networks there will be. */
function withoutMembers({ networks, nodes }: Wanted): Wanted {
  const made = Object.entries(networks ?? {}).map(([name, { members: _, policy: __, ...rest }]) => [
    name,
    rest,
  ])
  return { ...(networks && { networks: Object.fromEntries(made) }), ...(nodes && { nodes }) }
}
