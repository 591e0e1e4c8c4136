import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { findNetwork } from '../../controller/lookup.ts'
import type { App } from '../instance.ts'
import { idOrName, refTo } from '../schemas/common.ts'
import { Graph } from '../schemas/graph.ts'
import { answers } from '../schemas/problem.ts'
import { graphView } from '../views/graph.ts'

/** Who reaches whom in a network, over what path, and why. */
export function graphRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showGraph',
    summary: 'The peer graph: what is wanted, and what was observed.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    response: answers({ 200: refTo(Graph) }, 404),
  }
  app.get('/v1/networks/:network/graph', { schema }, async (request) => {
    const network = findNetwork(controller.state, request.params.network)
    return graphView(controller.graph(network))
  })
}
