import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { authorise } from '../access/authorise.ts'
import { entryCursor, entryFilter } from '../entries.ts'
import type { App } from '../instance.ts'
import { DEFAULT_PAGE, idOrName, listQuery, refTo } from '../schemas/common.ts'
import { entryFilters } from '../schemas/entries.ts'
import { ChangeList } from '../schemas/history.ts'
import { answers } from '../schemas/problem.ts'
import { changeView } from '../views/history.ts'

/** What changed in a network, when, and by whom. */
export function historyRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listHistory',
    summary: 'The time line of a network. What a node, a person or a program did in it: listAudit.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: listQuery(['-revision'], entryFilters),
    response: answers({ 200: refTo(ChangeList) }, 404),
  }
  app.get('/v1/networks/:network/history', { schema }, async (request) => {
    const { state } = controller
    const scope = authorise(state, request, controller.now())
    const { limit = DEFAULT_PAGE, cursor, sort = '-revision' } = request.query
    const { items, next } = await controller.history.changes(scope.network.id, {
      viewer: scope.viewer,
      filter: entryFilter(state, scope, request.query),
      limit,
      backwards: sort === '-revision',
      after: entryCursor(cursor),
    })
    const page = { items: items.map(changeView) }
    return next === undefined ? page : { ...page, next: String(next) }
  })
}
