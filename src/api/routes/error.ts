import { Map as ImmutableMap } from 'immutable'
import Type from 'typebox'
import { absent } from '../../controller/lookup.ts'
import { ERROR_CODES, type ErrorCode } from '../../errors.ts'
import type { App } from '../instance.ts'
import { pageOf } from '../paging.ts'
import { problemType, STATUS } from '../problem.ts'
import { listQuery, refTo } from '../schemas/common.ts'
import { answers, ErrorCodeInfo, ErrorCodeList } from '../schemas/problem.ts'

const tags = ['operation']
const security: [] = []

/** Every code that a problem can have: what the `type` of a problem leads to. Made of the codes themselves. */
export function errorRoutes(app: App): void {
  const list = {
    operationId: 'listErrors',
    summary: 'Every error code, and what it means.',
    tags,
    security,
    querystring: listQuery(['code', 'status'], {
      status: Type.Optional(
        Type.Integer({
          minimum: 100,
          maximum: 599,
          description: 'Only those that go with this HTTP status.',
          examples: [409],
        }),
      ),
    }),
    response: answers({ 200: refTo(ErrorCodeList) }),
  }
  app.get('/v1/errors', { schema: list }, async ({ query }) =>
    pageOf(CODES, query, {
      keep: (code) => query.status === undefined || query.status === STATUS[code],
      view: infoOf,
      orders: { status: (code) => STATUS[code] },
    }),
  )
  const show = {
    operationId: 'showError',
    summary: 'One error code, and what it means.',
    tags,
    security,
    params: Type.Object({
      code: Type.String({ maxLength: 64, description: 'The code of a problem.', examples: ['not-found'] }),
    }),
    response: answers({ 200: refTo(ErrorCodeInfo) }, 404),
  }
  app.get('/v1/errors/:code', { schema: show }, async ({ params: { code } }) => {
    if (isCode(code)) return infoOf(code)
    throw absent('error code', code, 'help')
  })
}

const CODES = ImmutableMap(
  Object.keys(ERROR_CODES)
    .filter(isCode)
    .map((code) => [code, code]),
)

function infoOf(code: ErrorCode) {
  return { code, status: STATUS[code], title: ERROR_CODES[code], type: problemType(code) }
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text)
}
