import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { DEFAULT_PAGE, idOrName, refTo } from '../schemas/common.ts'
import { ChangeList, HistoryQuery } from '../schemas/history.ts'
import { answers } from '../schemas/problem.ts'
import { changeView } from '../views/history.ts'

/** What changed in a network, when, and by whom. */
export function historyRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listHistory',
    summary: 'The time line of a network. What a node, a person or a program did in it: listAudit.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: HistoryQuery,
    response: answers({ 200: refTo(ChangeList) }, 404),
  }
  app.get('/v1/networks/:network/history', { schema }, async (request) => {
    const { id } = authorise(controller.state, request, controller.now()).network
    const { limit = DEFAULT_PAGE, cursor, sort = '-revision' } = request.query
    const at = cursor === undefined ? undefined : readCursor(cursor)
    const from = sort === 'revision' ? { after: at ?? 0 } : at === undefined ? {} : { before: at }
    // One more tells whether there is a next page.
    const changes = await controller.history.changes(id, { limit: limit + 1, ...from })
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
