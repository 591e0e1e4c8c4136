import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { idOrName, refTo } from '../schemas/common.ts'
import { Convergence, ConvergenceQuery } from '../schemas/convergence.ts'
import { answers } from '../schemas/problem.ts'
import { convergenceView } from '../views/convergence.ts'

/** How far a network has got with its latest revision. */
export function convergenceRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showConvergence',
    summary: 'Who has the latest revision, who has not, and why.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: ConvergenceQuery,
    response: answers({ 200: refTo(Convergence) }, 404),
  }
  app.get('/v1/networks/:network/convergence', { schema }, async (request) => {
    const { network } = authorise(controller.state, request, controller.now())
    return convergenceView(controller.status.convergence(network), request.query)
  })
}
