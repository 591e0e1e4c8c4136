import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { findMember } from '../../controller/lookup.ts'
import { WeftError } from '../../errors.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { idOrName, refTo } from '../schemas/common.ts'
import { Link } from '../schemas/link.ts'
import { answers } from '../schemas/problem.ts'
import { linkView } from '../views/link.ts'

/** One link: both ends, its path and why, traffic over time, and what changed last. */
export function linkRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showLink',
    summary: 'All that is known of the link of two members.',
    tags: ['networks'],
    params: Type.Object({
      network: idOrName('network', 'demo'),
      a: idOrName('node at one end', 'web-1'),
      b: idOrName('node at the other end', 'db-1'),
    }),
    response: answers({ 200: refTo(Link) }, 404),
  }
  app.get('/v1/networks/:network/links/:a/:b', { schema }, async (request) => {
    const { state } = controller
    const { params } = request
    const { project, network, viewer } = authorise(state, request, controller.now())
    const a = findMember(state, project, network.id, params.a).node
    const b = findMember(state, project, network.id, params.b).node
    if (a !== b) return linkView(await controller.status.link(network, [a, b], viewer))
    throw new WeftError('invalid-input', 'Both ends are the same node, and a node has no link to itself.', {
      field: 'b',
      advice: 'Name two members of the network.',
    })
  })
}
