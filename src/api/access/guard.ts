import type { RouteOptions } from 'fastify'
import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import type { App } from '../instance.ts'
import { idOrName } from '../schemas/common.ts'
import { authorise } from './authorise.ts'
import { ACCESS, type Rule } from './table.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route: its line of the table. */
    access?: Rule | 'open'
  }
}

/** Makes every route that is added from here on ask the table, and refuses those that are not in it. */
export function guardRoutes(app: App, controller: Controller): void {
  app.addHook('onRoute', (route) => {
    const access = ruleFor(route)
    route.config = { ...route.config, access }
    if (access !== 'open' && route.url.startsWith('/v1/')) addProjectQuery(route)
  })
  app.addHook('preHandler', async (request) => {
    const { access } = request.routeOptions.config
    if (access !== undefined && access !== 'open') authorise(controller.state, request, controller.now())
  })
}

function ruleFor({ method, url }: RouteOptions): Rule | 'open' {
  const verb = [method].flat()[0]
  const rule = ACCESS[`${verb === 'HEAD' ? 'GET' : verb} ${url}`]
  if (rule !== undefined) return rule
  throw new WeftError(
    'internal',
    `Nobody has decided who may use ${verb} ${url}; see src/api/access/table.ts.`,
  )
}

const project = Type.Optional(idOrName('project to act in, else that of the token', 'default'))

/** `?project=` is the same on all routes, so it is added in one place. Unknown parameters are refused everywhere. */
function addProjectQuery(route: RouteOptions): void {
  const schema = route.schema ?? {}
  const given: unknown = schema.querystring
  const own = Type.IsObject(given) ? given.properties : {}
  route.schema = {
    ...schema,
    querystring: Type.Object({ ...own, project }, { additionalProperties: false }),
  }
}
