import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { DEFAULT_PAGE, idOrName, PageQuery, refTo } from '../schemas/common.ts'
import { ChangeList } from '../schemas/history.ts'
import { answers } from '../schemas/problem.ts'
import { changeView } from '../views/history.ts'

/** What changed in a network, when, and by whom. */
export function historyRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listHistory',
    summary: 'The time line of a network, the latest change first.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: PageQuery,
    response: answers({ 200: refTo(ChangeList) }, 404),
  }
  app.get('/v1/networks/:network/history', { schema }, async (request) => {
    const { id } = authorise(controller.state, request, controller.now()).network
    const { limit = DEFAULT_PAGE, cursor } = request.query
    const before = cursor === undefined ? Number.POSITIVE_INFINITY : readCursor(cursor)
    // One more tells whether there is a next page.
    const changes = await controller.history.changes(id, { limit: limit + 1, before })
    const items = changes.slice(0, limit).map(changeView)
    const last = items.at(-1)
    return changes.length > limit && last ? { items, next: String(last.sequence) } : { items }
  })
}

function readCursor(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new WeftError('invalid-input', 'The cursor is not one that this list answered.', {
    field: 'cursor',
    advice: "Give the 'next' of the page before as it is, or leave cursor out.",
  })
}
