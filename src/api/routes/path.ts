import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { findMember } from '../../controller/lookup.ts'
import { WeftError } from '../../errors.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { idOrName, refTo } from '../schemas/common.ts'
import { Paths, PathsQuery } from '../schemas/path.ts'
import { answers } from '../schemas/problem.ts'
import { pathsView } from '../views/path.ts'

/** Every way between two members: for operators only, as it shows private endpoints that not every member is told. */
export function pathRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'explainPaths',
    summary: 'How two members reach each other, and why not better.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: PathsQuery,
    response: answers({ 200: refTo(Paths) }, 404),
  }
  app.get('/v1/networks/:network/paths', { schema }, async (request) => {
    const { state } = controller
    const { project, network } = authorise(state, request, controller.now())
    const from = findMember(state, project, network.id, request.query.from).node
    const to = findMember(state, project, network.id, request.query.to).node
    if (from !== to) return pathsView(controller.status.explain(network, from, to))
    throw new WeftError('invalid-input', 'Both ends are the same node, and a node needs no path to itself.', {
      field: 'to',
      advice: 'Name two members of the network.',
    })
  })
}
