import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import type { App } from '../instance.ts'
import { refTo } from '../schemas/common.ts'
import { Operation, OperationIdText } from '../schemas/operation.ts'
import { answers } from '../schemas/problem.ts'

/** GET of an operation: the place to look for who was answered with 202. */
export function operationRoutes(app: App, _controller: Controller): void {
  const schema = {
    operationId: 'showOperation',
    summary: 'How far work is that was answered with 202, and what came of it.',
    description:
      'Known to the controller that answered, and to the token that asked. Elsewhere, repeat the request with its Idempotency-Key.',
    tags: ['operation'],
    params: Type.Object({ operation: OperationIdText }),
    response: answers({ 200: refTo(Operation) }, 404),
  }
  app.get('/v1/operations/:operation', { schema }, async (request) =>
    app.operations.find(request.actor, request.params.operation),
  )
}
