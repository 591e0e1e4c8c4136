import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { changeMembers, keysWanted } from '../../controller/commands/batch.ts'
import { assertNotSystem } from '../../controller/commands/network.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { findMember, findNode } from '../../controller/lookup.ts'
import type { Decision, Tools } from '../../controller/tools.ts'
import { inField, WeftError } from '../../errors.ts'
import type { KeyStock } from '../../keys/stock.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { assertMayTouch, authorise } from '../access/authorise.ts'
import { aheadOf, create } from '../change.ts'
import { assertConfirmed, bulkLoss } from '../confirm.ts'
import { assertMatch } from '../etag.ts'
import type { App } from '../instance.ts'
import { dryRunQuery, rehearse } from '../rehearsal.ts'
import { ChangeHeaders, ConfirmQuery, idOrName, refTo } from '../schemas/common.ts'
import { BatchResult, MemberBatch } from '../schemas/member.ts'
import { Operation, patient } from '../schemas/operation.ts'
import { LinkChanges } from '../schemas/policy.ts'
import { answers } from '../schemas/problem.ts'
import { networkTag } from '../views/network.ts'

/** POST of many members at once. */
export function batchRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'changeMembers',
    summary:
      'Add and remove many members at once: all of it, or nothing. Wants the name of the network back where it takes out half or more of the members that are online.',
    tags: ['members'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: Type.Object({ ...ConfirmQuery.properties, ...dryRunQuery }, { additionalProperties: false }),
    headers: patient(ChangeHeaders),
    body: MemberBatch,
    response: answers(
      { 200: Type.Union([refTo(BatchResult), refTo(LinkChanges)]), 202: refTo(Operation) },
      404,
      409,
      412,
      413,
      415,
    ),
  }
  app.post('/v1/networks/:network/members/batch', { schema }, async (request, reply) => {
    const decide = (before: State, tools: Tools, keys?: KeyStock) => {
      const { network, id, batch } = read(before, request, tools.now)
      assertMatch(request, networkTag(network, before.epoch))
      assertNotSystem(before, id)
      const { events } = changeMembers(before, tools, id, batch, keys)
      const revision = (before.networks.get(id)?.revision ?? 0) + batch.add.length + batch.remove.length
      return { events, result: { ...counts(batch), network: id, revision } }
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    return await app.operations.answer(request, reply, async () => {
      using keys = await prepare(controller, request)
      const { result } = await create(controller, request, {
        decide: (before, tools) => {
          const decision = decide(before, tools, keys)
          assertMeant(controller, request, before, decision)
          return decision
        },
        recall: async (events, after, sequence) => {
          const { network } = authorise(after, request, controller.now())
          const [add, remove] = [eventsOf(events, 'member-added'), eventsOf(events, 'member-removed')]
          const then = await controller.audit.stateAfter(sequence)
          const { revision } = then?.networks.get(network.id) ?? network
          return { ...counts({ add, remove }), network: network.id, revision }
        },
      })
      return result
    })
  })
}

type BatchRequest = FastifyRequest & {
  readonly body: Type.Static<typeof MemberBatch>
  readonly query: Type.Static<typeof ConfirmQuery>
}

/** Whoever names one member means it; of many some may have come into the list by mistake. Throws `confirmation-needed`. */
function assertMeant(
  controller: Controller,
  { query }: BatchRequest,
  before: State,
  { events, result }: Decision<{ readonly network: NetworkId }>,
): void {
  const network = before.networks.get(result.network)
  const returning = new Set(eventsOf(events, 'member-added').map(({ node }) => node))
  const leaving = eventsOf(events, 'member-removed').map(({ node }) => node)
  const gone = leaving.filter((node) => !returning.has(node))
  if (network && gone.length > 1)
    assertConfirmed(network.name, query.confirm, bulkLoss(controller, network, gone))
}

/** The keys that will be needed. */
async function prepare(controller: Controller, request: BatchRequest) {
  const { state } = controller
  const owners = aheadOf(() => {
    const { id, batch } = read(state, request, controller.now())
    return keysWanted(state, id, batch.add)
  }, [])
  return controller.mint.stock(owners)
}

function read(state: State, request: BatchRequest, now: number) {
  const scope = authorise(state, request, now)
  const { project, network } = scope
  const { add = [], remove = [] } = request.body
  const batch = {
    remove: remove.map((name, at) =>
      inField(`remove.${at}`, () => {
        const { node } = findMember(state, project, network.id, name)
        assertMayTouch(state, scope, node)
        return node
      }),
    ),
    add: add.map((name, at) => inField(`add.${at}`, () => findNode(state, project, name).id)),
  }
  assertEachOnce('remove', batch.remove)
  assertEachOnce('add', batch.add)
  return { network, id: network.id, batch }
}

function assertEachOnce(field: string, ids: readonly string[]): void {
  const seen = new Set<string>()
  for (const [at, id] of ids.entries()) {
    if (seen.has(id)) {
      const details = { field: `${field}.${at}`, advice: 'Name each node once.' }
      throw new WeftError('invalid-input', 'The same node is named twice.', details)
    }
    seen.add(id)
  }
}

function counts({ add, remove }: { readonly add: readonly unknown[]; readonly remove: readonly unknown[] }) {
  return { added: add.length, removed: remove.length }
}
