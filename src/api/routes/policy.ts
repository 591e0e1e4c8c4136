import Type from 'typebox'
import { setPolicy } from '../../controller/commands/policy.ts'
import type { Controller } from '../../controller/controller.ts'
import type { State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { assertMatch } from '../etag.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { rehearse } from '../rehearsal.ts'
import { idOrName, MatchHeaders, refTo } from '../schemas/common.ts'
import { LinkChanges, NewPolicy, Policy, PolicyQuery } from '../schemas/policy.ts'
import { answers } from '../schemas/problem.ts'
import { policyEtag, policyView } from '../views/policy.ts'

const params = Type.Object({ network: idOrName('network', 'demo') })
const tags = ['networks']

/** GET and PUT of the policy of a network: always the whole document. */
export function policyRoutes(app: App, controller: Controller): void {
  addShow(app, controller)
  addSet(app, controller)
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showPolicy',
    summary: 'Who may open what to whom; that of a network without a policy allows everything.',
    tags,
    params,
    response: answers({ 200: refTo(Policy) }, 404),
  }
  app.get('/v1/networks/:network/policy', { schema }, async (request, reply) => {
    const { state } = controller
    const { network } = authorise(state, request, controller.now())
    reply.header('etag', policyEtag(network, state.epoch))
    return policyView(network.policy)
  })
}

function addSet(app: App, controller: Controller): void {
  const schema = {
    operationId: 'setPolicy',
    summary: 'Set the whole policy, or see what that would do to links.',
    tags,
    params,
    querystring: PolicyQuery,
    headers: MatchHeaders,
    body: NewPolicy,
    response: answers({ 200: Type.Union([refTo(Policy), refTo(LinkChanges)]) }, 404, 409, 412, 413, 415),
  }
  app.put('/v1/networks/:network/policy', { schema }, async (request, reply) => {
    const { body } = request
    const decide = (state: State, now: number) => {
      const { network } = authorise(state, request, now)
      assertMatch(request, policyEtag(network, state.epoch))
      return setPolicy(state, network.id, body)
    }
    const wouldBe = rehearse(controller, request, (state, { now }) => decide(state, now))
    if (wouldBe) return wouldBe
    const { state } = await controller.change(askedBy(request), (before, tools) => decide(before, tools.now))
    const { network } = authorise(state, request, controller.now())
    reply.header('etag', policyEtag(network, state.epoch))
    return policyView(network.policy)
  })
}
