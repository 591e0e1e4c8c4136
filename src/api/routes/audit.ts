import type { AuditFilter } from '../../controller/audit/record.ts'
import type { AuditReach } from '../../controller/audit/trail.ts'
import type { Controller } from '../../controller/controller.ts'
import type { Viewer } from '../../controller/sight.ts'
import { WeftError } from '../../errors.ts'
import { type NetworkId, parseNetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { authorise, ownNetwork } from '../access/authorise.ts'
import type { Scope } from '../access/scope.ts'
import { entryCursor, entryFilter } from '../entries.ts'
import type { App } from '../instance.ts'
import { AuditList, AuditQuery } from '../schemas/audit.ts'
import { DEFAULT_PAGE, refTo } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'

/** Who did what, when, and from where. */
export function auditRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listAudit',
    summary: 'Who did what, when, and from where, with before and after: straight from the log.',
    description: [
      'A global token sees what is of its project and what is of none; with `allProjects` everything.',
      'Each record has the hash of its entry: `weft audit verify` compares an export with the log.',
      'How far back it goes is the setting `historyDays`; `log` says it. Entries before the oldest snapshot of a log of which older ones were dropped have no before and after.',
    ].join(' '),
    tags: ['audit'],
    querystring: AuditQuery,
    response: answers({ 200: refTo(AuditList) }),
  }
  app.get('/v1/audit', { schema }, async (request) => {
    const { state } = controller
    const scope = authorise(state, request, controller.now())
    const { limit = DEFAULT_PAGE, cursor, sort = '-sequence' } = request.query
    const { items, next, reach } = await controller.audit.page({
      viewer: viewerOf(scope, request.query),
      filter: filterOf(state, scope, request.query),
      limit,
      backwards: sort === '-sequence',
      after: entryCursor(cursor),
    })
    const page = { items, log: reachView(reach) }
    return next === undefined ? page : { ...page, next: String(next) }
  })
}

function viewerOf({ caller, project }: Scope, { allProjects = false }: AuditQuery): Viewer {
  if (!allProjects) return { project, bound: caller.bound }
  if (!caller.bound) return { project: undefined, bound: false }
  throw new WeftError('forbidden', 'Only a global token sees what was done in all projects.', {
    field: 'allProjects',
    advice: 'Leave it out, and what was done in this project is shown.',
  })
}

function filterOf(state: State, scope: Scope, query: AuditQuery): AuditFilter {
  const { network } = query
  return {
    ...entryFilter(state, scope, query),
    network: network === undefined ? undefined : networkIn(state, scope, network),
  }
}

/** What is gone has no name any more, but its id goes on standing in the log. */
function networkIn(state: State, scope: Scope, text: string): NetworkId {
  return parseNetworkId(text) ?? ownNetwork(state, scope, text).id
}

function reachView({ first, completeFrom, head }: AuditReach): AuditList['log'] {
  return { first, completeFrom, last: head.sequence, lastHash: head.hash }
}
